"""The project's own Airflow: its variables, who has it, its UI."""

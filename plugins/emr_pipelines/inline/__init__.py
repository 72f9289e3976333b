"""A run without Airflow, in the process of whoever starts it. Clients are passed in."""

"""What Airflow's own components load: the timetable of our DAGs, and the listener that looks at their runs. Imports no operator."""

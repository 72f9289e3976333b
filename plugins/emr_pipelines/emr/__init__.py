"""Run-time EMR logic on clients that are passed in. No Airflow, no environment variables."""

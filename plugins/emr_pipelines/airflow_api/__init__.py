"""Airflow's REST API (v2), as far as the command line needs it: DAGs, backfills, runs, and what their tasks left. Knows neither Airflow nor boto3."""

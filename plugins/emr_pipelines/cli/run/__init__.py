"""`emr-pipelines run`: a run, or single steps of one, in Airflow or in this process."""

"""`emr-pipelines backfill`: the runs of a range of dates, made by Airflow and followed from the shell."""

"""One run in one process, as `airflow dags test` makes it: for `emr-pipelines run` and the tests."""

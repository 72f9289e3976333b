"""Every hour: terminates clusters of emr-pipelines that outlived their time, whatever became of the Airflow run that made them."""

from emr_pipelines import build_reaper_dag

dag = build_reaper_dag(__file__)

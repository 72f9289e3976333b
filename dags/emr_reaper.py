"""Every hour: terminates clusters of emr-pipelines that outlived their time, whatever became of the Airflow run that made them."""

from emr_pipelines.dag.reaper import build_reaper_dag

dag = build_reaper_dag(__file__)

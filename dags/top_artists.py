"""The most played artists of each month; its spec is config/pipelines/top_artists.yaml."""

from emr_pipelines import build_airflow_dag

dag = build_airflow_dag(__file__)

"""Word clouds of the book titles bought in each year; its spec is config/pipelines/word_clouds.yaml."""

from emr_pipelines import build_airflow_dag

dag = build_airflow_dag(__file__)

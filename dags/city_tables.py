"""A table of each city's months, from HDFS and S3; its spec is config/pipelines/city_tables.yaml."""

from emr_pipelines import build_airflow_dag

dag = build_airflow_dag(__file__)

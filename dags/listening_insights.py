"""What a month of a music service's logs tells about its listeners; its spec is config/pipelines/listening_insights.yaml."""

from emr_pipelines import build_airflow_dag

dag = build_airflow_dag(__file__)

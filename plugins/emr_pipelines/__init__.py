"""Declarative EMR pipelines for Apache Airflow: spec, plan, DAG, and the command line."""

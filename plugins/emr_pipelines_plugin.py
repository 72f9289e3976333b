"""The one file here that Airflow's plugin loader reads; see plugins/.airflowignore."""

from emr_pipelines.dag.scheduling.airflow_plugin import EmrPipelinesPlugin as EmrPipelinesPlugin

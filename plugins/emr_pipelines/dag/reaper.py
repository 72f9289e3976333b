"""The DAG that terminates expired clusters, for when the Airflow run that made one did not live to do so. Parsing reads the environment's file and nothing else."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator

from emr_pipelines.dag.aws_clients import emr_api, failing_fast
from emr_pipelines.emr.reaper import reap
from emr_pipelines.pipeline_spec.loader import load_environment
from emr_pipelines.pipeline_spec.project_files.project import (
    DEFAULT_ENVIRONMENT,
    ENVIRONMENT_VARIABLE,
    environment_file,
    find_project_root,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

DAG_ID = "emr_reaper"
REAP_TASK = "reap_clusters"
# Airflow schedules nothing without one; with catchup off any day of the past does.
_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class ReapClustersOperator(BaseOperator):
    """Terminates the live clusters of emr-pipelines that are past their expires_at tag."""

    def __init__(self, *, aws_conn_id: str, region_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name

    def execute(self, context: Context) -> list[str]:
        """Return the ids of the clusters that were terminated."""
        with failing_fast():
            expired = reap(emr_api(self.aws_conn_id, self.region_name), dt.datetime.now(dt.UTC))
        self.log.info("%d clusters had expired", len(expired))
        return [cluster.cluster_id for cluster in expired]


def build_reaper_dag(dag_file: str) -> DAG:
    """The hourly DAG `emr_reaper`, for a file in dags/ (pass `__file__`), in the environment that EMR_PIPELINES_ENV names."""
    root = find_project_root(Path(dag_file).resolve().parent)
    name = os.environ.get(ENVIRONMENT_VARIABLE, DEFAULT_ENVIRONMENT)
    environment = load_environment(environment_file(root, name))
    dag = DAG(
        dag_id=DAG_ID,
        description="Terminates clusters of emr-pipelines that outlived their max_lifetime",
        schedule="@hourly",
        start_date=_START,
        catchup=False,
        max_active_runs=1,
        tags=["emr", name],
        default_args={"retries": 2, "retry_delay": dt.timedelta(minutes=1)},
    )
    with dag:
        ReapClustersOperator(task_id=REAP_TASK, aws_conn_id=environment.connection.id, region_name=environment.region)
    return dag

"""Pipelines of one step that only sleeps: our spec, DAG files with the provider's stock operators as its documentation shows them, and a cluster for those. Measures nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SPEC = """
name: {name}
cluster:
  primary: {{instances: [m5.xlarge]}}
steps:
  - {{name: nap, command: [sleep, "{seconds}"]}}
"""
_HEAD = """
from datetime import timedelta

from airflow.providers.amazon.aws.operators.emr import EmrAddStepsOperator
from airflow.providers.amazon.aws.sensors.emr import EmrStepSensor
from airflow.sdk import DAG

STEP = {{
    "Name": "nap",
    "ActionOnFailure": "CONTINUE",
    "HadoopJarStep": {{"Jar": "command-runner.jar", "Args": ["sleep", "{seconds}"]}},
}}
CONNECTION = {{"aws_conn_id": "emr_local", "region_name": "us-east-1"}}

with DAG({name!r}, schedule=None, default_args={{"retries": 1, "retry_delay": timedelta(seconds=1)}}) as dag:
"""
_PAIR = """
    added = EmrAddStepsOperator(task_id="submit", job_flow_id={cluster!r}, steps=[STEP], **CONNECTION)
    EmrStepSensor(
        task_id="wait",
        job_flow_id={cluster!r},
        step_id="{{{{ ti.xcom_pull(task_ids='submit')[0] }}}}",
        poke_interval={poll_seconds},
        **CONNECTION,
    ).set_upstream(added)
"""
_WAITING = """
    EmrAddStepsOperator(
        task_id="wait",
        job_flow_id={cluster!r},
        steps=[STEP],
        wait_for_completion=True,
        waiter_delay={poll_seconds},
        **CONNECTION,
    )
"""


def nap_spec(name: str, *, seconds: float) -> str:
    """Our spec of a pipeline that runs `sleep seconds` (tasks `nap.submit` and `nap.wait`)."""
    return _SPEC.format(name=name, seconds=seconds)


def pair_dag(name: str, cluster: str, *, seconds: float, poll_seconds: float) -> str:
    """A DAG file that runs `sleep seconds` on the cluster: EmrAddStepsOperator (task `submit`), then EmrStepSensor (task `wait`)."""
    return (_HEAD + _PAIR).format(name=name, cluster=cluster, seconds=seconds, poll_seconds=poll_seconds)


def waiting_dag(name: str, cluster: str, *, seconds: float, poll_seconds: int) -> str:
    """A DAG file that runs `sleep seconds` on the cluster: EmrAddStepsOperator with wait_for_completion (task `wait`), tried twice."""
    return (_HEAD + _WAITING).format(name=name, cluster=cluster, seconds=seconds, poll_seconds=poll_seconds)


@contextmanager
def idle_cluster(emr: Any) -> Iterator[str]:
    """A cluster that waits for steps, by its id, until the block ends."""
    cluster: str = emr.run_job_flow(
        Name="stock",
        ReleaseLabel="emr-7.13.0",
        ServiceRole="EMR_DefaultRole",
        JobFlowRole="EMR_EC2_DefaultRole",
        LogUri="s3://emr-pipelines-local/logs",
        Instances={
            "InstanceGroups": [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}],
            "KeepJobFlowAliveWhenNoSteps": True,
        },
    )["JobFlowId"]
    try:
        emr.get_waiter("cluster_running").wait(ClusterId=cluster, WaiterConfig={"Delay": 1})
        yield cluster
    finally:
        emr.terminate_job_flows(JobFlowIds=[cluster])

"""The publish task leaves the plan of its run on S3, and carries it nowhere else."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from emr_pipelines.cli.plan.baseline import record_of
from emr_pipelines.dag.factory import build_airflow_dag
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.differences.plan_difference import compare_plans
from emr_pipelines.storage.published_plan import read_published_plan

BUCKET = "emr-pipelines-local"
SPEC = """
name: publish_task
cluster: {primary: {instances: [m5.xlarge]}}
steps:
  - {name: clean, spark: {script: include/pyspark/book_titles/count_words.py}, inputs: {rows: "s3://publish-task/rows"}, output: csv}
"""


@pytest.fixture
def dag(project: Path, emr_url: str, s3: Any, monkeypatch: pytest.MonkeyPatch) -> DAG:
    """The DAG of a pipeline in a project whose emr_local has its input."""
    extra = {"region_name": "us-east-1", "endpoint_url": emr_url}
    connection = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_EMR_LOCAL", json.dumps(connection))
    monkeypatch.delenv("EMR_PIPELINES_ENV", raising=False)
    for bucket in (BUCKET, "publish-task"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="publish-task", Key="rows/part-0", Body=b"1")
    (project / "config" / "pipelines" / "publish_task.yaml").write_text(SPEC)
    dag_file = project / "dags" / "publish_task.py"
    dag_file.write_text((project / "dags" / "word_clouds.py").read_text())
    return build_airflow_dag(str(dag_file))


def test_a_run_leaves_its_plan_beside_its_code(dag: DAG, project: Path, s3: Any) -> None:
    pushed: dict[str, Any] = {}
    run = SimpleNamespace(run_id="manual__1", logical_date=None, run_after=dt.datetime(2024, 1, 2, tzinfo=dt.UTC))
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    prefix = dag.get_task("publish_code").execute({"ti": ti, "dag_run": run, "params": {}})

    found = read_published_plan(s3, bucket=f"s3://{BUCKET}", pipeline="publish_task")
    assert found is not None
    assert (found.publication.run_id, found.publication.date) == ("manual__1", "2024-01-02T00:00:00+00:00")
    assert found.publication.code_prefix == prefix
    file = project / "config" / "pipelines" / "publish_task.yaml"
    here = record_of(build_plan(load_pipeline(file, environment="local", project_root=project)), project)
    assert here.code_prefix == prefix, "`plan` says where a run will put the code"
    assert compare_plans(found.record, here) == ()
    assert pushed == {"spec_digest": found.record.plan["spec_digest"]}


def test_the_plan_is_no_part_of_what_airflow_stores_of_the_task(dag: DAG) -> None:
    task = dag.get_task("publish_code")
    assert set(task.template_fields) == {"inputs", "claims"}
    assert not any(isinstance(getattr(task, name), str | dict) for name in task.template_fields)
    assert "_plan" not in type(task).get_serialized_fields()

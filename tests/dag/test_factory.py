"""A spec becomes a DAG of the provider's own classes that always ends its cluster, and one bad spec breaks one DAG only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from airflow.models.dagrun import DagRun
from airflow.providers.amazon.aws.operators.emr import (
    EmrAddStepsOperator,
    EmrCreateJobFlowOperator,
    EmrTerminateJobFlowOperator,
)
from airflow.providers.amazon.aws.sensors.emr import EmrStepSensor
from airflow.timetables.base import TimeRestriction

from emr_pipelines.dag.factory import build_airflow_dag
from tests.airflow_names import DagBag
from tests.conftest import REPOSITORY

THIN_FILE = (REPOSITORY / "dags" / "word_clouds.py").read_text()
SPEC = """
name: {name}
cluster: {cluster}
steps:
  - {{name: left, command: [echo, left], output: text}}
  - {{name: right, command: [echo, right], output: text, timeout: 90m}}
  - {{name: join, command: [cat, "${{steps.left.output}}", "${{steps.right.output}}"], description: "<script>alert(1)</script>"}}
"""
CLUSTER = "{release: emr-7.13.0, primary: {instances: [m5.xlarge]}, idle_timeout: 15m, step_concurrency: 2}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project; `add` puts a pipeline into it."""
    shutil.copytree(REPOSITORY / "config" / "environments", tmp_path / "config" / "environments")
    (tmp_path / "config" / "pipelines").mkdir()
    (tmp_path / "dags").mkdir()
    return tmp_path


def add(folder: Path, name: str, cluster: str = CLUSTER, spec: str = SPEC) -> Path:
    (folder / "config" / "pipelines" / f"{name}.yaml").write_text(spec.format(name=name, cluster=cluster))
    dag_file = folder / "dags" / f"{name}.py"
    dag_file.write_text(THIN_FILE)
    return dag_file


def edges(dag: Any) -> set[tuple[str, str]]:
    return {(upstream, task.task_id) for task in dag.tasks for upstream in task.upstream_task_ids}


def test_steps_run_in_parallel_where_the_data_allows_it(folder: Path) -> None:
    dag = build_airflow_dag(str(add(folder, "diamond")))
    work = {edge for edge in edges(dag) if edge[1] not in ("terminate_cluster", "verdict")}
    assert work == {
        ("publish_code", "create_cluster"),
        ("create_cluster", "left.submit"),
        ("create_cluster", "right.submit"),
        ("left.submit", "left.wait"),
        ("right.submit", "right.wait"),
        ("left.wait", "join.submit"),
        ("right.wait", "join.submit"),
        ("join.submit", "join.wait"),
    }


def test_the_tasks_are_the_providers_own_classes(folder: Path) -> None:
    dag = build_airflow_dag(str(add(folder, "diamond")))
    kinds = {
        "create_cluster": EmrCreateJobFlowOperator,
        "left.submit": EmrAddStepsOperator,
        "left.wait": EmrStepSensor,
        "terminate_cluster": EmrTerminateJobFlowOperator,
    }
    for task_id, kind in kinds.items():
        assert isinstance(dag.get_task(task_id), kind)


def test_the_cluster_is_terminated_after_every_step(folder: Path) -> None:
    dag = build_airflow_dag(str(add(folder, "diamond")))
    terminate = dag.get_task("terminate_cluster")
    assert terminate.is_teardown
    assert {"left.wait", "right.wait", "join.wait"} < terminate.upstream_task_ids
    assert {task.task_id for task in dag.tasks if task.is_setup} == {"publish_code", "create_cluster"}


@pytest.mark.parametrize(("cluster", "end"), [(CLUSTER, "terminate_cluster"), ("{id: j-ABC123}", "leave_cluster")])
def test_the_leaves_of_a_run_are_the_last_waits_and_the_verdict(folder: Path, cluster: str, end: str) -> None:
    """Airflow judges a run by them; a verdict that were the only leaf would be the only one to be taken away."""
    dag = build_airflow_dag(str(add(folder, "diamond", cluster)))
    tis = [TaskState(task_id=task_id, state="success") for task_id in dag.task_ids]
    leaves = DagRun()._tis_for_dagrun_state(dag=dag, tis=tis)
    assert {ti.task_id for ti in leaves} == {"join.wait", "verdict"}
    assert dag.get_task("verdict").upstream_task_ids == {end}


@pytest.mark.parametrize(
    ("schema", "help_text"),
    [
        ("{type: integer, default: 5, minimum: 1, maximum: 9, description: How many.}", "How many. From 1 to 9."),
        ("{type: integer, default: 5, maximum: 9}", "To 9."),
        ("{type: string, default: x, description: A word}", "A word"),
    ],
)
def test_the_help_of_the_trigger_form_names_the_range(folder: Path, schema: str, help_text: str) -> None:
    dag = build_airflow_dag(
        str(add(folder, "ranged", spec=SPEC.replace("cluster:", f"params: {{{{many: {{{schema}}}}}}}\ncluster:")))
    )
    assert dag.params.get_param("many").description == help_text


def test_the_last_day_of_a_schedule_has_all_its_hours(folder: Path) -> None:
    spec = SPEC.replace("cluster:", 'schedule: "@hourly"\nstart_date: 2024-01-30\nend_date: 2024-01-31\ncluster:')
    timetable = build_airflow_dag(str(add(folder, "hourly", spec=spec))).timetable
    runs, last = [], None
    while (
        info := timetable.next_dagrun_info(
            last_automated_data_interval=last, restriction=TimeRestriction(None, None, catchup=True)
        )
    ) is not None:
        runs.append(info.logical_date)
        last = info.data_interval
    assert len(runs) == 48
    assert f"{runs[-1]:%Y-%m-%dT%H}" == "2024-01-31T23"


class TaskState(NamedTuple):
    """What the verdict looks at."""

    task_id: str
    state: str


@pytest.mark.parametrize(
    ("failed", "verdict"),
    [
        ((), "success"),
        (("terminate_cluster", "verdict"), "failed"),
        (("left.wait", "join.submit", "join.wait"), "failed"),
        (
            ("create_cluster", "left.submit", "left.wait", "right.submit", "right.wait", "join.submit", "join.wait"),
            "failed",
        ),
    ],
    ids=["all well", "a leaked cluster", "a failed step", "no cluster"],
)
def test_the_verdict_of_a_run(folder: Path, failed: tuple[str, ...], verdict: str) -> None:
    dag = build_airflow_dag(str(add(folder, "diamond")))
    tis = [TaskState(task_id=task_id, state="failed" if task_id in failed else "success") for task_id in dag.task_ids]
    leaves = DagRun()._tis_for_dagrun_state(dag=dag, tis=tis)
    assert ("failed" if any(ti.state == "failed" for ti in leaves) else "success") == verdict


def test_a_long_running_cluster_is_never_terminated(folder: Path) -> None:
    dag = build_airflow_dag(str(add(folder, "shared", cluster="{id: j-ABC123}")))
    assert "terminate_cluster" not in dag.task_ids
    assert not any(isinstance(task, EmrCreateJobFlowOperator) for task in dag.tasks)


def test_a_security_configuration_of_the_spec_goes_to_every_task_that_may_create_a_cluster(folder: Path) -> None:
    cluster = CLUSTER.replace("}, idle", "}, security_configuration: {imds_v2: true, runtime_roles: true}, idle")
    tasks = {task.task_id: task for task in build_airflow_dag(str(add(folder, "secured", cluster))).tasks}
    preparations = [
        tasks["create_cluster"]._preparation,
        tasks["left.submit"].templates.preparation,
        tasks["left.wait"].templates.preparation,
    ]
    name = tasks["create_cluster"].job_flow_overrides["SecurityConfiguration"]
    assert [one.security_configuration.name for one in preparations] == [name] * 3


def test_a_step_timeout_counts_from_the_submission_and_not_from_the_start_of_a_task(folder: Path) -> None:
    dag = build_airflow_dag(str(add(folder, "diamond")))
    assert dag.get_task("right.wait").limits.timeout_seconds == 90 * 60
    assert dag.get_task("left.wait").limits.timeout_seconds is None
    assert dag.get_task("right.wait").execution_timeout is None, "a retry would start it anew"


def test_no_operator_opens_arguments_as_template_files(folder: Path) -> None:
    dag = build_airflow_dag(str(add(folder, "diamond")))
    assert {task.task_id for task in dag.tasks if task.template_ext} == set()


def test_text_of_a_spec_brings_no_html_into_the_ui(folder: Path) -> None:
    dag = build_airflow_dag(str(add(folder, "diamond")))
    assert "<script>" not in dag.get_task("join.wait").doc_md
    assert "&lt;script&gt;" in dag.get_task("join.wait").doc_md


@pytest.mark.fault(
    "F52",
    "One of several specs is wrong",
    "Airflow shows an import error for that one DAG file, with the file and line of the spec; all other DAGs load",
)
def test_one_bad_spec_is_one_import_error_and_the_other_dags_load(folder: Path) -> None:
    add(folder, "good")
    bad = add(folder, "bad", cluster="{relase: emr-7.13.0}")
    bag = DagBag(dag_folder=str(folder / "dags"))
    assert set(bag.dags) == {"good"}
    ((file, error),) = bag.import_errors.items()
    assert file.endswith(bad.name)
    assert "relase" in error
    assert "config/pipelines/bad.yaml:3" in error


def test_parsing_opens_no_connection(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a DAG file connected to something while it was parsed")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    build_airflow_dag(str(add(folder, "diamond")))


def test_the_same_spec_serialises_the_same_in_every_process(folder: Path) -> None:
    dag_file = add(folder, "diamond")
    code = (
        "import sys, json; from emr_pipelines.dag.factory import build_airflow_dag;"
        "from tests.airflow_names import serialize_dag;"
        "print(json.dumps(serialize_dag(build_airflow_dag(sys.argv[1])), sort_keys=True))"
    )
    outputs = set()
    for seed in ("0", "42"):
        variables = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": f"{REPOSITORY / 'plugins'}{os.pathsep}{REPOSITORY}",
        }
        finished = subprocess.run(
            [sys.executable, "-c", code, str(dag_file)], env=variables, capture_output=True, text=True, check=True
        )
        outputs.add(finished.stdout.splitlines()[-1])
    assert len(outputs) == 1

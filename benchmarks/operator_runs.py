"""Executes the operators of a DAG in this thread, rendered as Airflow does, on an emr_local of its own. Airflow's scheduler, database and task runner are left out: they need more processor time than what is counted."""

from __future__ import annotations

import importlib
import json
import os
import runpy
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
from tests.conftest import AIRFLOW_HOME, start_emr_local
from tests.kills.scratch_airflow import copy_project

SESSION = boto3.Session(region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local")  # noqa: S106 - what emr_local takes


@dataclass(slots=True)
class XComs:
    """What tasks hand on: to the other tasks of their run, and to the same task in the next run."""

    of_run: dict[tuple[str, str], Any] = field(default_factory=dict)
    of_earlier_runs: dict[tuple[str, str], Any] = field(default_factory=dict)

    def begin_run(self) -> None:
        """What this run handed on is an earlier run's from here."""
        self.of_earlier_runs |= self.of_run
        self.of_run = {}

    def pull(self, *, task_ids: str, key: str = "return_value", include_prior_dates: bool = False) -> Any:
        """As TaskInstance.xcom_pull."""
        places = self.of_earlier_runs | self.of_run if include_prior_dates else self.of_run
        return places.get((task_ids, key))

    def push(self, task_id: str, key: str, value: Any) -> None:
        """As TaskInstance.xcom_push of this task."""
        self.of_run[task_id, key] = value


def execute_dag(dag: Any, xcoms: XComs) -> dict[str, tuple[float, float]]:
    """Execute a DAG's operators in their order, each once; returns when each began and ended."""
    xcoms.begin_run()
    moment = datetime.now(UTC)
    dag_run = SimpleNamespace(
        dag_id=dag.dag_id, run_id=f"run-{moment:%H%M%S%f}", clear_number=0, logical_date=moment, run_after=moment
    )
    times = {}
    for task in dag.topological_sort():
        ti = SimpleNamespace(
            id=f"{dag.dag_id}-{task.task_id}",
            task_id=task.task_id,
            try_number=1,
            max_tries=task.retries,
            xcom_pull=xcoms.pull,
            xcom_push=partial(xcoms.push, task.task_id),
        )
        context = {"ti": ti, "dag_run": dag_run, "params": {}, "task": task, "dag": dag}
        task.render_template_fields(context)
        began = time.time()
        xcoms.push(task.task_id, "return_value", task.execute(context))
        times[task.task_id] = began, time.time()
    return times


def load_dag(project: Path, name: str) -> Any:
    """The DAG of a DAG file in the project."""
    file = str(project / "dags" / f"{name}.py")
    dag = runpy.run_path(file)["dag"]
    dag.fileloc = file
    return dag


@contextmanager
def scratch_emr_local() -> Iterator[str]:
    """A running emr_local, by its URL, and an Airflow home in this process's environment whose connection points at it."""
    with tempfile.TemporaryDirectory() as scratch, Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        server, url = start_emr_local(Path(scratch) / "emr_local", "--spark-submit", "plain")
        try:
            extra = {"region_name": "us-east-1", "endpoint_url": url}
            connection = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
            os.environ["AIRFLOW_CONN_EMR_LOCAL"] = json.dumps(connection)
            copy_project(AIRFLOW_HOME / "project", url)
            SESSION.client("s3", endpoint_url=url).create_bucket(Bucket="emr-pipelines-local")
            # Airflow's log takes the present stdout for good. Threads that import it at the same time would lock each other out.
            importlib.import_module("emr_pipelines.dag.factory")
            yield url
        finally:
            server.terminate()
            server.wait(20)

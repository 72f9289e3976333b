"""F41, F42, F46, F48, F50: what Airflow, its database and the people at it do to a run without killing a process."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.models import DagRun, TaskInstance
from airflow.models.taskinstance import clear_task_instances
from airflow.sdk import DAG
from airflow.utils.session import create_session
from tests.conftest import AIRFLOW_HOME, live_clusters
from tests.fault_control import Faults
from tests.reliability.midway import Midway, objects_below, running_step, states_in_database, step_folder, wait_for
from tests.reliability.runs import Outcome, Runner
from tests.spec.golden import validate

from emr_pipelines.dag.macros import RunMacros
from emr_pipelines.emr.reaper import reap
from emr_pipelines.emr.steps import StepHandle
from emr_pipelines.plan.binding import bind_request, values_of_run
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.keys import parse_step_name, path_safe_run_id
from emr_pipelines.spec.loader import load_pipeline
from emr_pipelines.storage.attempts import published_attempt

pytestmark = pytest.mark.xdist_group("airflow")

HELLO = "  - {name: one, command: [echo, hi]}"
LOCKED_SECONDS = 4.0


def last_run(session: Any, dag: DAG) -> DagRun:
    return session.query(DagRun).filter_by(dag_id=dag.dag_id).order_by(DagRun.id.desc()).first()


def once(task: str, state: str, act: Callable[[], None]) -> Callable[[dict[str, Any]], None]:
    """A `during` that acts at the first event of a task and state."""
    done: list[bool] = []

    def during(event: dict[str, Any]) -> None:
        if (event["task"], event["state"]) == (task, state) and not done:
            done.append(True)
            act()

    return during


@pytest.mark.fault(
    "F41",
    "Airflow's SQLite database is locked for some seconds when a step ends",
    "the task waits for the lock; nothing is submitted again, and the run succeeds",
)
def test_a_locked_database_delays_a_run_and_nothing_else(runner: Runner, faults: Faults) -> None:
    locked: list[float] = []

    def lock(_: StepHandle) -> None:
        database = sqlite3.connect(AIRFLOW_HOME / "airflow.db", timeout=30, isolation_level=None)
        database.execute("BEGIN EXCLUSIVE")
        locked.append(time.time())
        time.sleep(LOCKED_SECONDS)  # the fault itself
        locked.append(time.time())
        database.execute("ROLLBACK")
        database.close()

    dag = runner.build("f41_locked", "  - {name: one, command: [sleep, 2], output: text}".replace(", output: text", ""))
    midway = Midway(runner, dag, "one", lock)
    outcome = runner.run(dag, during=midway)
    counts = faults.counts()
    midway.check()
    (step,) = runner.steps(outcome, "one")
    from_, to = locked
    assert from_ < step["Status"]["Timeline"]["EndDateTime"].timestamp() < to
    ended = next(event for event in outcome.events if (event["task"], event["state"]) == ("one.wait", "success"))
    assert ended["time"] >= to, "the database was not locked for Airflow"
    assert outcome.state == "success"
    assert outcome.tries("one.wait") == 1
    assert len(runner.clusters(outcome)) == 1
    assert (counts["AddJobFlowSteps"], counts["RunJobFlow"]) == (1, 1)

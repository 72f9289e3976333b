"""F39, F40, F41: Airflow's own components are killed, and its database is locked, in the middle of a step. The run goes on; nothing is lost or doubled."""

from __future__ import annotations

import sqlite3
import time

import pytest

from tests.kills.stage import Run, Stage
from tests.reliability.midway import Jobs

pytestmark = [pytest.mark.slow, pytest.mark.kill, pytest.mark.xdist_group("kills"), pytest.mark.timeout(300)]

API_SERVER_AWAY_SECONDS = 30.0
LOCKED_SECONDS = 10.0


def start_nap(stage: Stage, jobs: Jobs, name: str) -> Run:
    """A run whose step is running, watched by its task."""
    run = stage.start(name, jobs.waiting("nap"))
    run.wait_for_step("nap")
    run.wait_for_state("nap.wait", "running")
    return run


def refuse_duplicates(stage: Stage, run: Run) -> None:
    """The run has succeeded with one cluster and one submission of its step, and handed the output on."""
    assert run.end() == "success"
    counts = stage.faults.counts()
    assert (counts["RunJobFlow"], counts["AddJobFlowSteps"], counts["CancelSteps"]) == (1, 1, 0), counts
    assert len(run.clusters()) == 1
    assert run.step_states("nap") == ["COMPLETED"]
    assert run.xcom("nap.wait", "output").endswith("/nap/attempt=1")


@pytest.mark.fault(
    "F39",
    "The scheduler is killed (SIGKILL) while a step runs, and comes back at once",
    "the run goes on: one cluster, one submission of the step, its output handed on",
)
def test_a_scheduler_that_comes_back_at_once_changes_nothing(stage: Stage, jobs: Jobs) -> None:
    run = start_nap(stage, jobs, "f39_at_once")
    stage.airflow.kill("scheduler")
    stage.airflow.start("scheduler")
    jobs.release("nap")
    refuse_duplicates(stage, run)


@pytest.mark.fault(
    "F39",
    "The scheduler is killed (SIGKILL) and stays away for longer than its health threshold, while its workers go on",
    "the run goes on when the scheduler is back: one cluster, the step is not run again once it has COMPLETED",
)
def test_a_scheduler_that_stays_away_takes_its_run_up_again(stage: Stage, jobs: Jobs) -> None:
    run = start_nap(stage, jobs, "f39_away")
    stage.airflow.kill("scheduler")
    stage.wait_until("an unhealthy scheduler", lambda: status_of(stage, "scheduler") == "unhealthy")
    stage.airflow.start("scheduler")
    jobs.release("nap")
    refuse_duplicates(stage, run)


@pytest.mark.fault(
    "F39",
    "The whole host of the scheduler with all its tasks is lost (SIGKILL) while a step runs, and comes back",
    "the task that waited is tried again and goes on with the same step",
)
def test_a_scheduler_lost_with_its_workers_leaves_the_step_to_the_retry(stage: Stage, jobs: Jobs) -> None:
    run = start_nap(stage, jobs, "f39_host")
    stage.airflow.kill("scheduler", tree=True)
    stage.airflow.start("scheduler")
    jobs.release("nap")
    refuse_duplicates(stage, run)
    assert run.tries("nap.wait") == 2


@pytest.mark.fault(
    "F39",
    "The DAG processor is killed (SIGKILL) while a step runs",
    "the run goes on to its end without it",
)
def test_a_run_ends_without_the_dag_processor(stage: Stage, jobs: Jobs) -> None:
    run = start_nap(stage, jobs, "f39_dag_processor")
    stage.airflow.kill("dag-processor", tree=True)
    jobs.release("nap")
    refuse_duplicates(stage, run)
    assert not stage.airflow.is_healthy("dag-processor")
    assert set(run.states().values()) == {"success"}


@pytest.mark.fault(
    "F40",
    "The API server is killed (SIGKILL) for half a minute while a step runs and ends",
    "the run goes on when it is back: one cluster, the step is not run again once it has COMPLETED, its output is handed on",
)
def test_a_run_outlasts_its_api_server(stage: Stage, jobs: Jobs) -> None:
    run = start_nap(stage, jobs, "f40_api_server")
    stage.airflow.kill("api-server", tree=True)
    jobs.release("nap")
    time.sleep(API_SERVER_AWAY_SECONDS)  # this is the fault
    assert run.step_states("nap") == ["COMPLETED"], "the step's end was not within the outage"
    stage.airflow.start("api-server")
    refuse_duplicates(stage, run)


@pytest.mark.fault(
    "F41",
    "Airflow's SQLite database is locked from outside for ten seconds while a step runs and ends, under the real scheduler",
    "everything waits for the lock; nothing is submitted again, and the run succeeds",
)
def test_a_locked_database_delays_the_run(stage: Stage, jobs: Jobs) -> None:
    run = start_nap(stage, jobs, "f41_locked")
    database = sqlite3.connect(stage.airflow.airflow_home / "airflow.db", timeout=60, isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    try:
        jobs.release("nap")
        time.sleep(LOCKED_SECONDS)  # this is the fault
    finally:
        database.execute("ROLLBACK")
        database.close()
    refuse_duplicates(stage, run)


def status_of(stage: Stage, component: str) -> str:
    """What the API server says of a component."""
    return str(stage.airflow.rest.health()[component]["status"])

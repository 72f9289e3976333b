"""F39, F40, F41: Airflow's own components are killed, and its database is locked, in the middle of a step. The run goes on; nothing is lost or doubled."""

from __future__ import annotations

import sqlite3
import time

import pytest

from tests.conftest import is_running
from tests.kills.airflow_processes import TIME_SCALE
from tests.kills.stage import Run, Stage
from tests.reliability.midway import Jobs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kill,
    pytest.mark.xdist_group("kills-of-processes"),
    pytest.mark.timeout(300),
]

# The delays of emr_local's clusters are stretched until the test says so.
START_HELD_PACE = 1000.0
# Every try that cannot start counts, and with pauses of a second (ten and more in production) there are many in half a minute.
MANY_RETRIES = """
for task in dag.tasks:
    task.retries = 10
"""
ONE_TRY_AND_A_PATIENT_TEARDOWN = """
dag.get_task("nap.wait").retries = 0
dag.get_task("terminate_cluster").retry_delay = timedelta(seconds=8)
"""
API_SERVER_AWAY_SECONDS = 30.0
LOCKED_SECONDS = 10.0


def start_nap(stage: Stage, jobs: Jobs, name: str, *, dag_lines: str = "") -> Run:
    """A run whose step is running, watched by its task."""
    run = stage.start(name, jobs.waiting("nap"), dag_lines=dag_lines)
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
    "The scheduler is killed (SIGKILL) and stays away for longer than its health threshold, while the task that waits for a step lives on",
    "Airflow gives the task to a new try and ends the old one; the step runs on under the new one, neither cancelled nor run again",
)
def test_a_step_survives_that_its_task_is_handed_over(stage: Stage, jobs: Jobs) -> None:
    run = start_nap(stage, jobs, "f39_away")
    old = run.process("nap.wait")
    lose_scheduler(stage)
    run.wait_for_try("nap.wait", 2)
    stage.wait_until("the end of the old process", lambda: not is_running(old.child))
    assert run.step_states("nap") == ["RUNNING"]
    jobs.release("nap")
    refuse_duplicates(stage, run)
    assert "handed this task to another try" in run.log("nap.wait", attempt=1)


@pytest.mark.fault(
    "F39",
    "The scheduler is killed (SIGKILL) and stays away for longer than its health threshold, while the cluster starts",
    "the new try of the task goes on waiting for the same cluster; the old one, which Airflow ends, does not take it down",
)
def test_a_cluster_survives_that_its_task_is_handed_over(stage: Stage, jobs: Jobs) -> None:
    stage.faults.change_pace(START_HELD_PACE)
    run = stage.start("f39_starting", jobs.writing("nap"))
    old = run.process("create_cluster")
    stage.wait_until("the cluster", run.clusters)
    lose_scheduler(stage)
    run.wait_for_try("create_cluster", 2)
    stage.wait_until("the end of the old process", lambda: not is_running(old.child))
    assert len(run.aftermath.live_clusters()) == 1
    stage.faults.change_pace(TIME_SCALE)
    refuse_duplicates(stage, run)


def lose_scheduler(stage: Stage) -> None:
    """The scheduler alone is dead for so long that Airflow takes it for dead, then comes back."""
    stage.airflow.kill("scheduler")
    stage.wait_until("an unhealthy scheduler", lambda: status_of(stage, "scheduler") == "unhealthy")
    stage.airflow.start("scheduler")


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
    "the run goes on when it is back: one cluster, the step is neither cancelled nor run again, its output is handed on",
)
def test_a_run_outlasts_its_api_server(stage: Stage, jobs: Jobs) -> None:
    run = start_nap(stage, jobs, "f40_api_server", dag_lines=MANY_RETRIES)
    stage.airflow.kill("api-server", tree=True)
    jobs.release("nap")
    time.sleep(API_SERVER_AWAY_SECONDS)  # this is the fault
    assert run.step_states("nap") == ["COMPLETED"], "the step's end was not within the outage"
    stage.airflow.start("api-server")
    refuse_duplicates(stage, run)


@pytest.mark.fault(
    "F40",
    "The API server is away (SIGKILL) until the task that waits has used up its tries",
    "the run fails, and the cluster is terminated all the same: the teardown is tried for longer than any other task",
)
def test_a_cluster_is_terminated_after_an_outage_that_failed_its_run(stage: Stage, jobs: Jobs) -> None:
    run = start_nap(stage, jobs, "f40_long", dag_lines=ONE_TRY_AND_A_PATIENT_TEARDOWN)
    stage.airflow.kill("api-server", tree=True)
    # Tries that cannot start count as well: with the retries of the other tasks the teardown would have failed by now.
    stage.wait_until("a fourth try of the teardown", lambda: tries_in_database(run, "terminate_cluster") > 3, 150)
    assert len(run.aftermath.live_clusters()) == 1
    stage.airflow.start("api-server")
    assert run.end() == "failed"
    assert run.states()["terminate_cluster"] == "success"
    assert run.states()["nap.wait"] == "failed"
    assert len(run.clusters()) == len(run.steps("nap")) == 1


def tries_in_database(run: Run, task_id: str) -> int:
    """How often a task was started, asked of Airflow's database: for times without an API server."""
    database = sqlite3.connect(run.airflow.airflow_home / "airflow.db", timeout=60)
    query = "SELECT try_number FROM task_instance WHERE dag_id = ? AND run_id = ? AND task_id = ?"
    ((tries,),) = database.execute(query, (run.pipeline, run.run_id, task_id)).fetchall()
    database.close()
    return int(tries)


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

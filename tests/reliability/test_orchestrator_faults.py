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

from emr_pipelines.dag.macros import RunMacros
from emr_pipelines.emr.reaper import reap
from emr_pipelines.emr.steps import StepHandle, describe_step
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.keys import parse_step_name
from emr_pipelines.plan.runs.run_binding import bind_request, values_of_run
from emr_pipelines.storage.attempts import published_attempt
from tests.airflow_names import store_dag
from tests.conftest import AIRFLOW_HOME, live_clusters
from tests.fault_control import Faults
from tests.reliability.midway import Jobs, Midway, objects_below, states_in_database, step_folder, wait_for
from tests.reliability.runs import Outcome, Runner

HELLO = "  - {name: one, command: [echo, hi]}"
OTHER_DIGEST = "0123456789ab"
LOCKED_SECONDS = 4.0
# The first run that comes waits until it is told to go on; the objects say whose they are.
FIRST_ONE_WAITS = """
import pathlib, sys, time, boto3

folder, output = pathlib.Path(sys.argv[1]), sys.argv[2]
try:
    (folder / "first").mkdir()
except FileExistsError:
    pass
else:
    while not (folder / "go").exists():
        time.sleep(0.05)
bucket, _, prefix = output.removeprefix("s3://").partition("/")
s3 = boto3.client("s3")
for name in ("part-0", "part-1", "_SUCCESS"):
    s3.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=output.encode())
"""


def once(task: str, state: str, act: Callable[[], None]) -> Callable[[dict[str, Any]], None]:
    """A `during` that acts at the first event of a task and state."""
    done: list[bool] = []

    def during(event: dict[str, Any]) -> None:
        if (event["task"], event["state"]) == (task, state) and not done:
            done.append(True)
            act()

    return during


def last_run(session: Any, dag: DAG) -> DagRun:
    return session.query(DagRun).filter_by(dag_id=dag.dag_id).order_by(DagRun.id.desc()).first()


def cluster_request(runner: Runner, dag: DAG) -> dict[str, Any]:
    """The RunJobFlow body of the DAG's run, as its create task renders it."""
    file = runner.project / "config" / "pipelines" / f"{dag.dag_id}.yaml"
    plan = build_plan(load_pipeline(file, environment="local", project_root=runner.project))
    with create_session() as session:
        run_id = last_run(session, dag).run_id
    now = dt.datetime.now(dt.UTC)
    return bind_request(
        plan.cluster.request, values_of_run(plan, run_id=run_id, date=now, params={}, code_prefix="s3://none")
    )


@pytest.mark.fault(
    "F41",
    "Airflow's SQLite database is locked for some seconds while a step ends",
    "the task waits for the lock; nothing is submitted again, and the run succeeds",
)
def test_a_locked_database_delays_a_run_and_nothing_else(
    runner: Runner, faults: Faults, s3: Any, tmp_path: Path
) -> None:
    jobs, unlocked = Jobs(tmp_path), []

    def lock(step: StepHandle) -> None:
        database = sqlite3.connect(AIRFLOW_HOME / "airflow.db", timeout=30, isolation_level=None)
        database.execute("BEGIN EXCLUSIVE")
        jobs.release("one")
        wait_for(lambda: describe_step(runner.api, step)["Status"]["State"] == "COMPLETED", "the end of the step")
        seen = faults.counts()["DescribeStep"]
        wait_for(lambda: faults.counts()["DescribeStep"] > seen, "the task's look at it")
        time.sleep(LOCKED_SECONDS)  # this is the fault
        unlocked.append(time.time())
        database.close()

    dag = runner.build("f41_locked", jobs.waiting("one"))
    midway = Midway(runner, dag, "one", lock)
    outcome = runner.run(dag, during=midway)
    counts = faults.counts()
    midway.check()
    told = next(event for event in outcome.events if (event["task"], event["state"]) == ("one.wait", "success"))
    assert told["time"] >= unlocked[0], "Airflow did not notice the lock"
    assert outcome.state == "success"
    assert outcome.tries("one.wait") == 1
    assert published_attempt(s3, step_folder(outcome, "one")) == "1"
    assert len(runner.clusters(outcome)) == 1
    assert (counts["AddJobFlowSteps"], counts["RunJobFlow"]) == (1, 1)


@pytest.mark.fault(
    "F42",
    "A spec asks for a `dagrun_timeout`, with which Airflow would skip the task that terminates the cluster",
    "`validate` and the DAG's import refuse it and say what to write instead",
)
@pytest.mark.parametrize("key", ["dagrun_timeout", "run_timeout", "sla"])
def test_a_limit_on_the_whole_run_is_refused_with_the_reason(runner: Runner, key: str) -> None:
    name = f"f42_{key}"
    with pytest.raises(EmrPipelinesError) as refused:
        runner.build(name, HELLO, more=f"{key}: 6h")
    for file in (f"config/pipelines/{name}.yaml", f"dags/{name}.py"):
        (runner.project / file).unlink()  # other tests load all DAGs of the project
    assert f"config/pipelines/{name}.yaml:2:1" in str(refused.value)
    assert "skips the tasks that are left, and with them the one that terminates the cluster" in str(refused.value)
    assert "Limit the steps with timeout and queue_timeout, and the cluster with max_lifetime" in str(refused.value)


@pytest.mark.fault(
    "F42",
    "All the same the tasks that are left are skipped, the terminating one too",
    "EMR ends the cluster after its `idle_timeout`; the reaper ends it after its `max_lifetime`, and not before",
)
def test_a_cluster_whose_teardown_was_skipped_is_ended_by_its_policy_or_the_reaper(
    runner: Runner, faults: Faults
) -> None:
    def skip_what_is_left() -> None:
        """What the scheduler does to tasks when a run's time is up (airflow/jobs/scheduler_job_runner.py)."""
        with create_session() as session:
            run = last_run(session, dag)
            for task in session.query(TaskInstance).filter_by(run_id=run.run_id, dag_id=dag.dag_id, state=None):
                task.state = "skipped"

    limits = "  idle_timeout: 60s\n  max_lifetime: 60s\n  start_timeout: 60s"
    dag = runner.build("f42_skipped", HELLO, cluster=limits)
    outcome = runner.run(dag, during=once("one.wait", "running", skip_what_is_left))
    assert states_in_database(outcome)["terminate_cluster"] == "skipped"
    (cluster,) = live_clusters(runner.api, f"/{dag.dag_id}/")
    policy = runner.api.read.get_auto_termination_policy(ClusterId=cluster)
    assert policy["AutoTerminationPolicy"] == {"IdleTimeout": 60}
    now = dt.datetime.now(dt.UTC)
    assert cluster not in [one.cluster_id for one in reap(runner.api, now)]
    assert cluster in [one.cluster_id for one in reap(runner.api, now + dt.timedelta(seconds=61))]
    wait_for(lambda: not live_clusters(runner.api, f"/{dag.dag_id}/"), "the end of the cluster")
    assert (faults.counts()["RunJobFlow"], len(runner.clusters(outcome))) == (1, 1)


@pytest.mark.fault(
    "F46",
    "A step that has succeeded is cleared",
    "it really runs again, under a new key and into a new prefix; Airflow's own retries have the old key and so find the step that they lost",
)
def test_a_clear_begins_a_new_attempt_and_a_retry_does_not(runner: Runner) -> None:
    dag = runner.build("f46_cleared", "  - {name: one, command: [echo, hi]}")
    outcome = runner.run(dag)
    assert outcome.state == "success"
    (step,) = runner.steps(outcome, "one")
    task, macros = dag.get_task("one.submit"), RunMacros(max_lifetime_seconds=None)
    with create_session() as session:
        ti = session.query(TaskInstance).filter_by(run_id=outcome.run_id, task_id=task.task_id).one()
        ti.try_number += 1  # as a retry does
        run = ti.dag_run
        before = macros.attempt(ti, task), macros.step_key(run, ti, task, "one")
        ti.try_number -= 1
        store_dag(dag, session)
        clear_task_instances([ti], session)
        session.flush()
        after = macros.attempt(ti, task), macros.step_key(run, ti, task, "one")
        ti.try_number += 1  # the cleared task starts
        assert after == (macros.attempt(ti, task), macros.step_key(run, ti, task, "one"))
        session.rollback()
    key = parse_step_name(step["Name"])
    assert key is not None
    assert before == ("1", f"{key.family}.1")
    assert after == ("2", f"{key.family}.2")


@pytest.mark.fault(
    "F48",
    "The spec is edited after the cluster was created and before a step is submitted",
    "the run refuses to go on with half of another spec and says how to finish it; no step starts; the cluster is terminated",
)
def test_a_run_does_not_go_on_with_an_edited_spec(runner: Runner, faults: Faults) -> None:
    def edit() -> None:
        """Airflow loads a DAG file anew for each task, so the tasks to come are those of the edited spec."""
        edited = runner.build(dag.dag_id, "  - {name: one, command: [echo, bye]}")
        submit, new = dag.get_task("one.submit"), edited.get_task("one.submit")
        submit.steps, submit.templates = new.steps, new.templates

    dag = runner.build("f48_edited", HELLO)
    outcome = runner.run(dag, during=once("create_cluster", "success", edit))
    assert outcome.state == "failed"
    assert outcome.tries("one.submit") == 1
    assert "it was edited while the run ran" in outcome.error("one.submit")
    assert "Put the old one back and clear this task" in outcome.error("one.submit")
    assert outcome.tries("one.wait") == 0
    assert runner.steps(outcome, "one") == []
    assert outcome.last_state("terminate_cluster") == "success"
    assert (len(runner.clusters(outcome)), faults.counts()["AddJobFlowSteps"]) == (1, 0)


@pytest.mark.fault(
    "F48",
    "The spec is edited between two tries of the create task",
    "the run does not adopt the cluster of the older spec: it fails, says which specs differ, and that cluster is terminated",
)
def test_a_cluster_of_another_spec_is_not_adopted(runner: Runner, faults: Faults) -> None:
    def first_try() -> None:
        request = cluster_request(runner, dag)
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]} | {"emr-pipelines:spec_digest": OTHER_DIGEST}
        request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        runner.api.write.run_job_flow(**request)

    dag = runner.build("f48_adopted", HELLO)
    outcome = runner.run(dag, during=once("publish_code", "success", first_try))
    assert outcome.state == "failed"
    assert outcome.tries("create_cluster") == 1
    assert f"was made from the spec {OTHER_DIGEST}" in outcome.error("create_cluster")
    assert "it was edited while the run ran" in outcome.error("create_cluster")
    assert outcome.last_state("terminate_cluster") == "success"
    # The one of the first try, which this test has sent.
    assert (len(runner.clusters(outcome)), faults.counts()["RunJobFlow"]) == (1, 1)


@pytest.mark.slow
@pytest.mark.fault(
    "F50",
    "Somebody starts a run of a year while another run of that year is under way",
    "each has a cluster and prefixes of its own; both publish, and the stable place holds the whole output of the one that published last",
)
def test_two_runs_of_one_year_do_not_mix(runner: Runner, s3: Any, tmp_path: Path) -> None:
    program = tmp_path / "write_output.py"
    program.write_text(FIRST_ONE_WAITS)
    words = f'{sys.executable}, {program}, {tmp_path}, "${{steps.one.output}}"'
    place = '"${env.bucket}/f50/year=${run.year}"'
    dag = runner.build(
        "f50_overlap",
        f"  - {{name: one, command: [{words}], output: text, publish: {place}}}",
        more='max_active_runs: 2\nparams: {year: {type: [integer, "null"], default: null}}',
    )
    published = "s3://emr-pipelines-local/f50/year=2005"
    other: list[Outcome] = []
    after_the_other: list[dict[str, bytes]] = []

    def overtake(_: StepHandle) -> None:
        other.append(run_of_another_process(runner, dag, "2005-01-01", both_live=lambda: two_clusters(runner, dag)))
        after_the_other.append(objects_below(s3, published))
        (tmp_path / "go").touch()

    midway = Midway(runner, dag, "one", overtake)
    slower = runner.run(dag, conf={"year": 2005}, during=midway)
    midway.check()
    (faster,) = other
    assert (slower.state, faster.state) == ("success", "success")
    assert slower.output("one") != faster.output("one")
    assert [len(runner.clusters(run)) for run in (slower, faster)] == [1, 1]
    assert [published_attempt(s3, step_folder(run, "one")) for run in (slower, faster)] == ["1", "1"]
    assert whole_output_of(faster) == without_manifest(after_the_other[0])
    assert whole_output_of(slower) == without_manifest(objects_below(s3, published))


def two_clusters(runner: Runner, dag: DAG) -> bool:
    return len(live_clusters(runner.api, f"/{dag.dag_id}/")) == 2


def run_of_another_process(runner: Runner, dag: DAG, date: str, *, both_live: Callable[[], bool]) -> Outcome:
    """A run of the same DAG file at the same time; `both_live` is waited for while it runs."""
    started, events = time.monotonic(), runner.project / f"events-of-{dag.dag_id}.jsonl"
    with events.open("w") as written, (runner.project / f"log-of-{dag.dag_id}").open("w") as log:
        command = [sys.executable, "-m", "emr_pipelines.dag.in_process.inline_run", dag.fileloc]
        stamp = Path(os.environ["AIRFLOW_HOME"]) / "database_version"
        process = subprocess.Popen(
            [*command, "--database-stamp", str(stamp), "--events", str(written.fileno())],
            env={**os.environ, "PYTHONPATH": str(runner.project / "plugins")},
            pass_fds=[written.fileno()],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(["--date", date]).encode() + b"\n")
            process.stdin.close()
            wait_for(both_live, "two clusters at once")
            assert process.wait(120) == 0
        finally:
            process.kill()
    *told, end = [json.loads(line) for line in events.read_text().splitlines()]
    outcome = Outcome(
        pipeline=dag.dag_id, run_id=end["run"], state=end["state"], events=told, seconds=time.monotonic() - started
    )
    runner.outcomes.append(outcome)  # the invariants hold for it too
    return outcome


def whole_output_of(outcome: Outcome) -> dict[str, bytes]:
    output = (outcome.output("one") or "").encode()
    return {"part-0": output, "part-1": output, "_SUCCESS": output}


def without_manifest(objects: dict[str, bytes]) -> dict[str, bytes]:
    return {name: body for name, body in objects.items() if name != "_PUBLISHED.json"}

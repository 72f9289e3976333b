"""F18 to F22, F27, F28: steps that end badly, or never start; what follows, and which specs are refused because EMR would refuse their steps."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.dag.sensor import WaitForStepSensor
from emr_pipelines.emr.steps import StepHandle, cancel_step
from emr_pipelines.plan.keys import step_label
from emr_pipelines.storage.attempts import published_attempt
from tests.fault_control import Faults
from tests.reliability.launches import cluster_of
from tests.reliability.midway import Jobs, Midway, objects_below, running_step, states_in_database, step_folder
from tests.reliability.runs import Outcome, Runner
from tests.spec.small_project import validate

ON_SPOT = "  core: {instances: [m5.xlarge], on_demand: 1}\n  task: {instances: [m5.xlarge], spot: 1}"


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)


@pytest.fixture
def task_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """What waiting tasks log. Airflow binds its own loggers to whichever stream the process began with, where a test cannot see them."""
    monkeypatch.setattr(WaitForStepSensor, "log", logging.getLogger("waiting_task"))
    return caplog


def states(runner: Runner, outcome: Outcome, step: str = "one") -> list[str]:
    return [one["Status"]["State"] for one in runner.steps(outcome, step)]


@pytest.mark.fault(
    "F18",
    "A job fails (exit code ≠ 0)",
    "not submitted again; the error and the task's log show the job's own words; the steps after it do not start; the cluster is terminated",
)
def test_a_failing_job_is_not_run_again_and_its_words_are_shown(
    runner: Runner, faults: Faults, task_log: pytest.LogCaptureFixture
) -> None:
    script = "for i in $(seq 60); do echo line $i of the report; done; echo the reactor is too hot >&2; exit 3"
    dag = runner.build(
        "f18_failing",
        f'  - {{name: one, command: [bash, -c, "{script}"]}}\n  - {{name: two, command: [echo, hi], after: [one]}}',
    )
    outcome = runner.run(dag)
    counts, log = faults.counts(), task_log.text
    assert outcome.state == "failed"
    assert states(runner, outcome) == ["FAILED"]
    assert outcome.tries("one.wait") == 1
    assert "is FAILED" in outcome.error("one.wait")
    # The last 50 lines, and no more.
    assert "the reactor is too hot" in log
    assert "line 60 of the report" in log
    assert "line 11 of the report" in log
    assert "line 10 of the report" not in log
    assert outcome.output("one") is None
    after = states_in_database(outcome)
    assert (after["two.submit"], after["two.wait"]) == ("upstream_failed", "upstream_failed")
    assert after["terminate_cluster"] == "success"
    assert len(runner.clusters(outcome)) == 1
    # Submitted once; looked at about twice a second while it ran for a second.
    assert counts["AddJobFlowSteps"] == 1
    assert counts["DescribeStep"] <= 6


@pytest.mark.fault(
    "F18",
    "A job fails whose step says `retries: 1`",
    "submitted twice in all, each time with an output prefix of its own; nothing is published",
)
def test_a_failing_job_is_submitted_again_as_often_as_its_spec_says(
    runner: Runner, faults: Faults, jobs: Jobs, s3: Any
) -> None:
    dag = runner.build("f18_retries", jobs.failing("one", more=", retries: 1"))
    outcome = runner.run(dag)
    assert outcome.state == "failed"
    assert states(runner, outcome) == ["FAILED", "FAILED"]
    assert outcome.tries("one.wait") == 1
    assert "The job gives up." in outcome.error("one.wait")
    folder = step_folder(outcome, "one")
    assert {name for name in objects_below(s3, folder) if "/" in name} == {
        "attempt=1/part-0",
        "attempt=1-1-1/part-0",
    }
    assert published_attempt(s3, folder) is None
    assert faults.counts()["AddJobFlowSteps"] == 2


@pytest.mark.fault(
    "F19",
    "Somebody cancels the step in the console",
    "the run fails and the step is not submitted again: a person decided that",
)
def test_a_step_cancelled_by_a_person_stays_cancelled(runner: Runner, faults: Faults) -> None:
    def cancel(step: StepHandle) -> None:
        runner.api.read.cancel_steps(ClusterId=step.cluster_id, StepIds=[step.step_id])

    dag = runner.build("f19_cancelled", "  - {name: one, command: [sleep, 300]}")
    midway = Midway(runner, dag, "one", cancel)
    outcome = runner.run(dag, during=midway)
    counts = faults.counts()
    midway.check()
    assert outcome.state == "failed"
    assert states(runner, outcome) == ["CANCELLED"]
    assert outcome.tries("one.wait") == 1
    assert "is CANCELLED" in outcome.error("one.wait")
    # The console's own; we have sent none.
    assert (counts["CancelSteps"], counts["AddJobFlowSteps"]) == (1, 1)


@pytest.mark.fault(
    "F20",
    "EMR interrupts a running step",
    "it runs again on the same cluster and writes to a new prefix; the run succeeds",
)
def test_an_interrupted_step_runs_again_on_its_cluster(runner: Runner, faults: Faults, jobs: Jobs) -> None:
    dag = runner.build("f20_interrupted", jobs.hanging_first("one"))
    midway = Midway(runner, dag, "one", lambda step: faults.interrupt(step.cluster_id, step.step_id))
    outcome = runner.run(dag, during=midway)
    counts = faults.counts()
    midway.check()
    assert outcome.state == "success"
    assert states(runner, outcome) == ["INTERRUPTED", "COMPLETED"]
    assert len(runner.clusters(outcome)) == 1
    assert outcome.tries("one.wait") == 1
    assert (outcome.output("one") or "").endswith("/one/attempt=1-1-1")
    # One submission for each attempt, one cluster for both.
    assert (counts["AddJobFlowSteps"], counts["RunJobFlow"]) == (2, 1)


@pytest.mark.fault(
    "F20",
    "A spot instance under a running step is taken away",
    "the step runs again on the same cluster, whose lost instance EMR replaces; the run succeeds",
)
def test_a_step_whose_spot_instance_is_taken_runs_again(runner: Runner, faults: Faults, jobs: Jobs) -> None:
    dag = runner.build("f20_spot", jobs.hanging_first("one"), cluster=ON_SPOT)
    midway = Midway(runner, dag, "one", lambda step: faults.lose(step.cluster_id, "spot"))
    outcome = runner.run(dag, during=midway)
    midway.check()
    assert outcome.state == "success"
    assert states(runner, outcome) == ["INTERRUPTED", "COMPLETED"]
    assert len(runner.clusters(outcome)) == 1


@pytest.mark.fault(
    "F20",
    "The primary instance, and with it the cluster, is lost under a running step",
    "one new cluster takes its place and the step runs again there; the steps before it do not; the run succeeds and no cluster is left",
)
def test_a_step_whose_cluster_is_lost_runs_again_on_a_new_one(
    runner: Runner, faults: Faults, jobs: Jobs, s3: Any
) -> None:
    steps = "\n".join((jobs.writing("before"), jobs.hanging_first("one", more=", after: [before]")))
    dag = runner.build("f20_primary", steps)
    midway = Midway(runner, dag, "one", lambda step: faults.lose(step.cluster_id, "primary"))
    outcome = runner.run(dag, during=midway)
    counts = faults.counts()
    midway.check()
    assert outcome.state == "success"
    assert len(runner.clusters(outcome)) == 2
    assert len(states(runner, outcome)) == 2
    assert states(runner, outcome)[-1] == "COMPLETED"
    assert states(runner, outcome, "before") == ["COMPLETED"]
    assert published_attempt(s3, step_folder(outcome, "one")) == "1-1-1"
    # `before` once, `one` twice; the cluster of the run and the one in its place.
    assert (counts["AddJobFlowSteps"], counts["RunJobFlow"]) == (3, 2)


@pytest.mark.fault(
    "F20",
    "Every attempt of a step is interrupted",
    "three submissions by each try of its task, seven in all, one at a time; then the run fails",
)
def test_a_step_that_is_interrupted_for_ever_fails_after_a_bounded_number_of_attempts(
    runner: Runner, faults: Faults
) -> None:
    over = threading.Event()

    def interrupt_all(_: StepHandle) -> None:
        while not over.is_set():
            step = running_step(runner, dag, "one")
            if step is not None:
                faults.interrupt(step.cluster_id, step.step_id)
            over.wait(0.05)

    def during(event: dict[str, Any]) -> None:
        midway(event)
        if event["task"] == "terminate_cluster":
            over.set()

    dag = runner.build("f20_for_ever", "  - {name: one, command: [sleep, 300]}")
    midway = Midway(runner, dag, "one", interrupt_all)
    try:
        outcome = runner.run(dag, during=during)
    finally:
        over.set()
    midway.check()
    assert outcome.state == "failed"
    assert set(states(runner, outcome)) == {"INTERRUPTED"}
    assert outcome.tries("one.wait") == 3
    # The first try submits it twice more, the other two twice each.
    assert len(states(runner, outcome)) == 7
    assert len(runner.clusters(outcome)) == 1


@pytest.mark.fault(
    "F21",
    "A step stays queued behind others",
    "`queue_timeout` cancels it; the error names the steps that were in its way",
)
def test_a_step_that_is_queued_too_long_is_cancelled(runner: Runner, faults: Faults) -> None:
    name = step_label("somebody_elses", "0123456789ab.1")
    blocking: list[str] = []
    looks_before: list[int] = []

    def block(event: dict[str, Any]) -> None:
        if (event["task"], event["state"]) == ("one.submit", "running"):
            looks_before.append(faults.counts()["DescribeStep"])
        if (event["task"], event["state"]) != ("before.wait", "running"):
            return
        step = {
            "Name": name,
            "ActionOnFailure": "CONTINUE",
            "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["sleep", "300"]},
        }
        blocking.extend(runner.api.write.add_job_flow_steps(JobFlowId=cluster_of(runner, dag), Steps=[step])["StepIds"])

    # The step before gives the blocking one the time to get in between, however busy the machine is.
    before = "  - {name: before, command: [sleep, '8']}"
    dag = runner.build(
        "f21_queued", f"{before}\n  - {{name: one, after: [before], command: [echo, hi], queue_timeout: 3s}}"
    )
    outcome = runner.run(dag, during=block)
    assert outcome.state == "failed"
    assert states(runner, outcome) == ["CANCELLED"]
    assert outcome.tries("one.wait") == 1
    assert (
        f"was queued longer than its queue_timeout of 0:00:03 behind {blocking[0]} ({name}) RUNNING; after the cancellation it is CANCELLED"
        in outcome.error("one.wait")
    )
    # At least half a second between two looks at the queued step, and some at the cancelled one.
    assert faults.counts()["DescribeStep"] - looks_before[0] <= 10


@pytest.mark.fault(
    "F21",
    "A step is stuck in CANCEL_PENDING",
    "`queue_timeout` ends the waiting; the error says in which state the step was left, and the cluster is terminated",
)
def test_a_step_that_is_stuck_in_its_cancellation_is_given_up(
    runner: Runner, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A cancellation that EMR does not confirm is given up after six seconds instead of thirty.
    monkeypatch.setitem(cancel_step.__kwdefaults__, "timeout_seconds", 6.0)
    faults.add("state", "DescribeStep", state="CANCEL_PENDING", times=None)
    dag = runner.build("f21_stuck", "  - {name: one, command: [sleep, 300], queue_timeout: 3s}")
    outcome = runner.run(dag)
    assert faults.hits() > 0
    assert outcome.state == "failed"
    assert outcome.tries("one.wait") == 1
    assert "(nothing else is queued on the cluster); after the cancellation it is CANCEL_PENDING" in outcome.error(
        "one.wait"
    )
    # SIGTERM is asked for first, SIGKILL when that does not help.
    assert faults.counts()["CancelSteps"] == 2


@pytest.mark.fault(
    "F22",
    "A step takes longer than its `timeout` and does not react to SIGTERM",
    "it is killed on EMR before its task fails; it is not submitted again",
)
def test_a_step_that_takes_too_long_is_cancelled_also_if_it_resists(runner: Runner, faults: Faults) -> None:
    script = "trap '' TERM; sleep 300"
    dag = runner.build("f22_too_long", f'  - {{name: one, command: [bash, -c, "{script}"], timeout: 3s}}')
    ended_when_the_task_failed: list[str] = []

    def look(event: dict[str, Any]) -> None:
        if (event["task"], event["state"]) == ("one.wait", "failed"):
            still_there = running_step(runner, dag, "one")
            ended_when_the_task_failed.append("running" if still_there else "ended")

    outcome = runner.run(dag, during=look)
    assert outcome.state == "failed"
    assert states(runner, outcome) == ["CANCELLED"]
    assert ended_when_the_task_failed == ["ended"]
    assert outcome.tries("one.wait") == 1
    assert "took longer than its timeout of 0:00:03; after the cancellation it is CANCELLED" in outcome.error(
        "one.wait"
    )
    counts = faults.counts()
    assert (counts["AddJobFlowSteps"], counts["RunJobFlow"]) == (1, 1)


@pytest.mark.fault(
    "F27",
    "More steps, or longer arguments, than EMR takes",
    "`emr-pipelines validate` and the DAG's import refuse the spec; nothing is ever started",
)
@pytest.mark.parametrize(
    ("rule", "steps"),
    [
        ("step-count", "".join(f"  - {{name: s{number}, command: [echo]}}\n" for number in range(257))),
        ("argument-length", f"  - {{name: long, command: [echo, {'a' * 10_300}]}}\n"),
    ],
)
def test_what_a_cluster_does_not_take_is_refused_by_the_spec(project: Path, rule: str, steps: str) -> None:
    assert broken_rules(project, "primary: {instances: [m5.xlarge]}", steps) == {rule}


@pytest.mark.fault(
    "F28",
    "Several steps at a time, and one that terminates the cluster when it fails",
    "`emr-pipelines validate` and the DAG's import refuse the spec, as EMR would at run time",
)
def test_a_step_that_ends_the_cluster_of_others_is_refused_by_the_spec(project: Path) -> None:
    cluster = "primary: {instances: [m5.xlarge]}, step_concurrency: 2"
    steps = "  - {name: one, command: [echo], on_failure: terminate_cluster}\n"
    assert broken_rules(project, cluster, steps) == {"step-concurrency"}


def broken_rules(project: Path, cluster: str, steps: str) -> set[str]:
    spec = project / "config" / "pipelines" / "refused.yaml"
    spec.write_text(f"name: refused\ncluster: {{{cluster}}}\nsteps:\n{steps}")
    try:
        result = validate(str(spec), "--json")
    finally:
        # Whoever parses all of the project's specs later does not expect it.
        spec.unlink()
    assert result.exit_code == 1
    return {problem["rule"] for problem in json.loads(result.output)["problems"]}


@pytest.mark.fault(
    "F27",
    "More parallel steps than ListSteps can be asked for by id (ten)",
    "they run: steps are found by the key in their names",
)
@pytest.mark.slow
def test_eleven_parallel_steps_run(runner: Runner, faults: Faults) -> None:
    steps = "\n".join(f"  - {{name: s{number}, command: [echo, hi]}}" for number in range(11))
    outcome = runner.run(runner.build("f27_parallel", steps, cluster="  step_concurrency: 11"))
    counts = faults.counts()
    assert outcome.state == "success"
    assert [states(runner, outcome, f"s{number}") for number in range(11)] == [["COMPLETED"]] * 11
    # Each submission looks once for itself, and each step is seen at its end.
    assert (counts["AddJobFlowSteps"], counts["ListSteps"]) == (11, 11)
    assert counts["DescribeStep"] <= 22

"""F13 to F15: a step is submitted, and the request, its answer, the task that sends it or the cluster goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fault_control import Faults
from tests.reliability.launches import (
    ONE_STEP,
    InFlight,
    answer_within,
    check_green,
    check_sent_again,
    dying_try,
    ends,
    lose_cluster,
)
from tests.reliability.runs import Runner

LONG_STEP = "  - {name: one, command: [sleep, 300]}"
PROMISE = "found by the key in its name and gone on with; one submission"


@pytest.mark.parametrize(
    ("effect", "more"),
    [
        pytest.param(
            "reset-after",
            {},
            marks=pytest.mark.fault("F13", "AddJobFlowSteps adds the step and the connection is reset", PROMISE),
        ),
        pytest.param(
            "error-after",
            {},
            marks=pytest.mark.fault("F13", "AddJobFlowSteps adds the step and answers HTTP 500", PROMISE),
        ),
        pytest.param(
            "hang-after",
            {"seconds": 4},
            marks=pytest.mark.fault("F13", "AddJobFlowSteps adds the step and never answers", PROMISE),
        ),
        pytest.param(
            "slow",
            {"seconds": 4},
            marks=pytest.mark.fault("F13", "AddJobFlowSteps adds the step only after the client has given up", PROMISE),
        ),
    ],
)
def test_a_step_whose_answer_is_lost_is_not_submitted_again(
    runner: Runner,
    faults: Faults,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    effect: str,
    more: dict[str, Any],
) -> None:
    answer_within(monkeypatch, 2)
    dag = runner.build(f"f13_{effect}".replace("-", "_"), ONE_STEP)
    faults.add(effect, "AddJobFlowSteps", **more)
    outcome, counts = runner.run(dag), faults.counts()
    check_green(runner, outcome)
    assert outcome.tries("one.submit") == 1
    assert faults.hits() == 1
    assert f"found and adopted {runner.steps(outcome, 'one')[0]['Id']}" in caplog.text
    # Sent once; the key is looked for once before, and then every second or two.
    assert counts["AddJobFlowSteps"] == 1
    assert counts["ListSteps"] <= 6


@pytest.mark.slow
@pytest.mark.fault(
    "F13",
    "The connection is reset before AddJobFlowSteps reaches EMR",
    "looked for during 30 s; since nothing was added, Airflow's next try submits it; one submission",
)
def test_a_submission_that_never_arrived_is_sent_by_the_next_try(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f13_reset_before", ONE_STEP)
    faults.add("reset-before", "AddJobFlowSteps")
    outcome = runner.run(dag)
    check_green(runner, outcome)
    assert outcome.tries("one.submit") == 2
    assert "a retry is safe" in outcome.error("one.submit")
    assert faults.hits() == 1
    assert faults.counts()["AddJobFlowSteps"] == 2


@pytest.mark.fault(
    "F13",
    "The submit task dies while EMR's answer to AddJobFlowSteps is on its way",
    "the next try finds the step by the key in its name; one submission",
)
def test_the_step_of_a_try_that_died_is_adopted_by_the_next(
    runner: Runner, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    dag = runner.build("f13_died", ONE_STEP)
    faults.add("hang-after", "AddJobFlowSteps", seconds=8)
    dying = dying_try(runner, dag, "one.submit", on_kill=False)
    outcome = runner.run(dag, during=dying)
    dying.check()
    check_green(runner, outcome)
    assert outcome.tries("one.submit") == 2
    assert f"Adopted attempt 1 ({runner.steps(outcome, 'one')[0]['Id']}) of an earlier try" in caplog.text
    # Sent by the try that died, and never again.
    assert faults.counts()["AddJobFlowSteps"] == 1


@pytest.mark.fault(
    "F13",
    "The submit task is ended for good while EMR's answer is on its way",
    "the step, which nobody would wait for, is cancelled; the cluster is terminated",
)
def test_a_submission_that_nobody_waits_for_is_cancelled(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f13_for_good", LONG_STEP)
    dag.get_task("one.submit").retries = 0
    faults.add("hang-after", "AddJobFlowSteps", seconds=8)
    dying = dying_try(runner, dag, "one.submit", on_kill=True)
    outcome = runner.run(dag, during=dying)
    dying.check()
    assert outcome.state == "failed"
    (step,) = runner.steps(outcome, "one")
    assert step["Status"]["State"] == "CANCELLED"
    assert outcome.last_state("one.wait") is None
    # One polite request is enough for a program that heeds SIGTERM.
    counts = faults.counts()
    assert (counts["AddJobFlowSteps"], counts["CancelSteps"]) == (1, 1)


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.fault(
    "F14",
    "AddJobFlowSteps is throttled",
    "sent again after growing pauses with jitter, six times in all; one submission",
)
def test_a_throttled_submission_is_sent_again_within_the_task(runner: Runner, faults: Faults, times: int) -> None:
    dag = runner.build(f"f14_throttled_{times}", ONE_STEP)
    faults.add("throttle", "AddJobFlowSteps", times=times)
    outcome = runner.run(dag)
    check_green(runner, outcome)
    assert outcome.tries("one.submit") == 1
    check_sent_again(runner, "AddJobFlowSteps", times)


@pytest.mark.slow
@pytest.mark.fault(
    "F14",
    "AddJobFlowSteps is throttled for half a minute",
    "after six refusals the task fails and Airflow tries again; one submission",
)
def test_a_submission_that_stays_throttled_goes_on_in_the_next_try(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f14_throttled_9", ONE_STEP)
    faults.add("throttle", "AddJobFlowSteps", times=9)
    outcome = runner.run(dag)
    check_green(runner, outcome)
    assert outcome.tries("one.submit") == 2
    assert "ThrottlingException" in outcome.error("one.submit")
    assert faults.hits() == 9
    assert faults.counts()["AddJobFlowSteps"] == 10


@pytest.mark.fault(
    "F07",
    "EMR refuses a step (access denied)",
    "fails at once without a retry; the error names the line of the step in the spec; the cluster is terminated",
)
def test_a_refused_submission_names_the_line_of_the_step(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f07_step", ONE_STEP)
    faults.add("deny", "AddJobFlowSteps", times=None)
    outcome = runner.run(dag)
    spec = "config/pipelines/f07_step.yaml"
    line = (runner.project / spec).read_text().splitlines().index(ONE_STEP) + 1
    assert outcome.state == "failed"
    assert outcome.tries("one.submit") == 1
    assert "is not authorized to perform: elasticmapreduce:AddJobFlowSteps" in outcome.error("one.submit")
    assert f"{spec}:{line}" in outcome.error("one.submit")
    assert [len(runner.clusters(outcome)), runner.steps(outcome, "one")] == [1, []]
    # A refusal is final: sent once.
    assert faults.hits() == faults.counts()["AddJobFlowSteps"] == 1


def losing(runner: Runner, dag: Any, kind: str) -> Callable[[], None]:
    """The act of losing a pipeline's cluster."""
    return lambda: lose_cluster(runner, dag, kind)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("idle", "auto-termination policy"), ("primary", "INSTANCE_FAILURE The master node was terminated")],
)
@pytest.mark.fault(
    "F15",
    "The cluster ends by itself while a step is submitted to it",
    "the step goes to another cluster, which the same task launches; the run succeeds",
)
def test_a_step_goes_to_another_cluster_when_its_own_ends_under_it(
    runner: Runner, faults: Faults, caplog: pytest.LogCaptureFixture, kind: str, reason: str
) -> None:
    dag = runner.build(f"f15_{kind}", ONE_STEP)
    faults.add("slow", "AddJobFlowSteps", seconds=2)
    between = InFlight(runner, "one.submit", losing(runner, dag, kind))
    outcome = runner.run(dag, during=between)
    between.check()
    assert outcome.state == "success"
    assert outcome.tries("one.submit") == 1
    assert [len(runner.clusters(outcome)), len(runner.steps(outcome, "one"))] == [2, 1]
    assert reason in ends(runner, outcome)[0]
    assert "another one takes its place" in caplog.text
    calls = [call for call in faults.calls() if call["operation"] == "AddJobFlowSteps"]
    # The one that the ended cluster refuses, and the one to its successor.
    assert [call["error"] for call in calls] == ["ValidationException", None]
    assert faults.counts()["RunJobFlow"] == 2


@pytest.mark.fault(
    "F15",
    "Somebody terminates the cluster while a step is submitted to it",
    "nothing is started in its place: the run fails at once and the error says what to clear to go on",
)
def test_no_other_cluster_is_launched_for_one_that_somebody_ended(runner: Runner, faults: Faults) -> None:
    dag = runner.build("f15_user", ONE_STEP)
    faults.add("slow", "AddJobFlowSteps", seconds=2)
    between = InFlight(runner, "one.submit", losing(runner, dag, "user"))
    outcome = runner.run(dag, during=between)
    between.check()
    assert outcome.state == "failed"
    assert outcome.tries("one.submit") == 1
    assert "It was ended on purpose, so nothing is started in its place; clear this step" in outcome.error("one.submit")
    assert [len(runner.clusters(outcome)), runner.steps(outcome, "one")] == [1, []]
    assert faults.hits() == 1
    # Refused once, and not tried again.
    counts = faults.counts()
    assert (counts["RunJobFlow"], counts["AddJobFlowSteps"]) == (1, 1)

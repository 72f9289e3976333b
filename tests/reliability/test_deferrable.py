"""`deferrable: true`: the same step, watched by a trigger."""

from __future__ import annotations

import pytest

from tests.fault_control import Faults
from tests.reliability.runs import Runner


def test_a_deferred_step_hands_on_like_a_watched_one(runner: Runner) -> None:
    dag = runner.build("deferred_success", "  - {name: one, command: [sleep, 2]}", more="deferrable: true")
    outcome = runner.run(dag)
    assert outcome.state == "success"
    assert len(runner.steps(outcome, "one")) == 1


def test_a_deferred_job_that_fails_is_submitted_again_as_often_as_the_spec_says(runner: Runner) -> None:
    steps = "  - {name: one, command: [bash, -c, 'echo no such year >&2; exit 3'], retries: 1}"
    outcome = runner.run(runner.build("deferred_failure", steps, more="deferrable: true"))
    assert outcome.state == "failed"
    assert len(runner.steps(outcome, "one")) == 2
    assert "is FAILED" in outcome.error("one.wait")


def test_a_deferred_step_that_takes_too_long_is_cancelled(runner: Runner) -> None:
    steps = "  - {name: one, command: [sleep, 300], timeout: 2s}"
    outcome = runner.run(runner.build("deferred_timeout", steps, more="deferrable: true"))
    assert outcome.state == "failed"
    assert "timeout of 0:00:02" in outcome.error("one.wait")
    assert [step["Status"]["State"] for step in runner.steps(outcome, "one")] == ["CANCELLED"]


@pytest.mark.parametrize("times", [1, 3])
def test_a_trigger_outlasts_throttling(runner: Runner, faults: Faults, times: int) -> None:
    dag = runner.build(f"deferred_throttled_{times}", "  - {name: one, command: [sleep, 2]}", more="deferrable: true")
    faults.add("throttle", "DescribeStep", times=times)
    outcome = runner.run(dag)
    assert outcome.state == "success"
    assert faults.hits() == times

"""A step is submitted once, waited for with one call a poll, and really gone when it is cancelled."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from emr_pipelines.emr.emr_api import EmrApi, RunError, StepTimedOut
from emr_pipelines.emr.polling import PollInterval
from emr_pipelines.emr.step_watch import WatchLimits, watch_step
from emr_pipelines.emr.steps import StepHandle, cancel_step, cancel_submission, list_submissions, submit_once
from emr_pipelines.plan.keys import parse_step_name
from tests.conftest import is_running
from tests.emr.conftest import shell_step
from tests.emr_local.emr_requests import wait_until

FAST = PollInterval(minimum=0.05, maximum=0.2)


class LosingAnswers:
    """A write client whose AddJobFlowSteps takes effect but whose answer is lost on the way."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def add_job_flow_steps(self, **request: Any) -> None:
        self._real.add_job_flow_steps(**request)
        raise ConnectionClosedError(endpoint_url="http://emr")


def wait(api: EmrApi, handle: StepHandle, **limits: float) -> list[str]:
    states: list[str] = []
    watch_step(api, handle, limits=WatchLimits(**limits), interval=FAST, tell=lambda state, _: states.append(state))
    return states


def family_of(step: dict[str, Any]) -> str:
    key = parse_step_name(step["Name"])
    assert key is not None
    return key.family


def test_a_step_runs_and_its_states_are_told_in_order(api: EmrApi, cluster_id: str) -> None:
    states = wait(api, submit_once(api, cluster_id, shell_step("sleep 0.5")))
    assert states[-1] == "COMPLETED"
    assert states == sorted(states, key=["PENDING", "RUNNING", "COMPLETED"].index)


def test_a_second_submission_finds_the_first_also_after_its_end(api: EmrApi, cluster_id: str) -> None:
    step = shell_step("true")
    first = submit_once(api, cluster_id, step)
    assert submit_once(api, cluster_id, step) == first
    wait(api, first)
    assert submit_once(api, cluster_id, step) == first


def test_a_lost_answer_makes_no_second_step(api: EmrApi, cluster_id: str) -> None:
    step = shell_step("true")
    handle = submit_once(EmrApi(read=api.read, write=LosingAnswers(api.write)), cluster_id, step)
    steps = [
        s["Id"]
        for page in api.read.get_paginator("list_steps").paginate(ClusterId=cluster_id)
        for s in page["Steps"]
        if s["Name"] == step["Name"]
    ]
    assert steps == [handle.step_id]


def test_an_empty_argument_is_refused_before_anything_is_submitted(api: EmrApi, cluster_id: str) -> None:
    step = shell_step("true", "")
    with pytest.raises(RunError, match="argument 4 is empty"):
        submit_once(api, cluster_id, step)
    assert list_submissions(api, cluster_id, family_of(step)) == []


def test_an_older_attempt_that_still_runs_is_cancelled_before_the_new_one_is_submitted(
    api: EmrApi, cluster_id: str
) -> None:
    old = submit_once(api, cluster_id, shell_step("sleep 300", family="0123456789ab", label="1"))
    new = submit_once(api, cluster_id, shell_step("true", family="0123456789ab", label="3"))
    states = {one.handle: one.state for one in list_submissions(api, cluster_id, "0123456789ab")}
    assert states[old] == "CANCELLED"
    assert list(states) == [new, old], "latest first"


def test_what_a_later_try_submitted_is_cancelled_with_its_task(api: EmrApi, cluster_id: str) -> None:
    first = shell_step("sleep 300", family="cc9876543210", label="1")
    submit_once(api, cluster_id, shell_step("sleep 300", family="cc9876543210", label="1-0-2"))
    cancel_submission(api, cluster_id, first, timeout_seconds=10)
    assert [one.state for one in list_submissions(api, cluster_id, "cc9876543210")] == ["CANCELLED"]


def test_an_attempt_that_has_a_successor_is_not_submitted(api: EmrApi, cluster_id: str) -> None:
    running = submit_once(api, cluster_id, shell_step("sleep 300", family="ba9876543210", label="4"))
    late = shell_step("true", family="ba9876543210", label="1-2-1")
    with pytest.raises(RunError, match="attempt 1-2-1 is out of date"):
        submit_once(api, cluster_id, late)
    cancel_step(api, running)


def test_a_step_that_takes_too_long_is_cancelled(api: EmrApi, cluster_id: str) -> None:
    handle = submit_once(api, cluster_id, shell_step("sleep 300"))
    with pytest.raises(StepTimedOut, match=r"timeout of 0:00:01; after the cancellation it is CANCELLED") as caught:
        wait(api, handle, timeout_seconds=1)
    assert not caught.value.retryable


def test_a_step_that_is_queued_too_long_is_cancelled_and_what_blocks_it_is_named(api: EmrApi, cluster_id: str) -> None:
    blocking = submit_once(api, cluster_id, shell_step("sleep 300"))
    waiting = submit_once(api, cluster_id, shell_step("true"))
    with pytest.raises(StepTimedOut, match=f"queue_timeout of 0:00:01 behind {blocking.step_id} .work") as caught:
        wait(api, waiting, queue_timeout_seconds=1)
    assert "is CANCELLED" in str(caught.value)
    cancel_step(api, blocking)


def test_waiting_makes_one_call_a_poll(api: EmrApi, cluster_id: str) -> None:
    handle = submit_once(api, cluster_id, shell_step("sleep 1"))
    calls: list[str] = []
    api.read.meta.events.register("before-call.emr.*", lambda model, **_: calls.append(model.name), unique_id="count")
    try:
        wait(api, handle)
    finally:
        api.read.meta.events.unregister("before-call.emr.*", unique_id="count")
    assert set(calls) == {"DescribeStep"}
    assert len(calls) >= 2


def test_a_cancelled_step_is_gone_with_its_children(api: EmrApi, cluster_id: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    handle = submit_once(api, cluster_id, shell_step(f"trap '' TERM; sleep 300 & echo $! > {pid_file}; wait; wait"))
    wait_until(lambda: pid_file.exists() and pid_file.read_text() != "", "the child of the step")
    child = int(pid_file.read_text())
    assert cancel_step(api, handle) == "CANCELLED"
    assert not is_running(child)
    assert wait(api, handle) == ["CANCELLED"]


def test_polls_grow_with_age_within_bounds() -> None:
    interval = PollInterval()
    assert 0.5 <= interval.seconds_at(0) <= 0.6
    assert 6.0 <= interval.seconds_at(60) <= 7.2
    assert 30.0 <= interval.seconds_at(3600) <= 36.0


def test_a_known_duration_is_watched_closely_only_near_its_end() -> None:
    interval = PollInterval(expected=100.0)
    ages = [0.0]
    while ages[-1] < 100.0:
        ages.append(ages[-1] + interval.seconds_at(ages[-1]))
    early = [age for age in ages if age < 70.0]
    assert len(early) <= 4
    assert max(b - a for a, b in itertools.pairwise(ages) if a > 70.0) <= 4.0
    assert 20.0 <= interval.seconds_at(200.0) <= 24.0, "much later than expected: as if nothing was known"


def test_far_from_the_expected_end_of_a_long_step_two_minutes_may_pass() -> None:
    interval = PollInterval(expected=7200.0)
    assert 120.0 <= interval.seconds_at(60.0) <= 144.0
    assert 30.0 <= interval.seconds_at(6000.0) <= 36.0

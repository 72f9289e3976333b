"""A step is submitted once, waited for with one call a poll, and really gone when it is cancelled."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from emr_pipelines.emr.emr_api import EmrApi, RunError, StepFailed
from emr_pipelines.emr.polling import PollInterval
from emr_pipelines.emr.step_logs import tail_step_logs
from emr_pipelines.emr.steps import cancel_step, find_step, submit_once, wait_for_step
from tests.conftest import is_running
from tests.emr.conftest import shell_step

FAST = PollInterval(minimum=0.05, maximum=0.2)


class LosingAnswers:
    """A write client whose AddJobFlowSteps takes effect but whose answer is lost on the way."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def add_job_flow_steps(self, **request: Any) -> None:
        self._real.add_job_flow_steps(**request)
        raise ConnectionClosedError(endpoint_url="http://emr")


def wait(api: EmrApi, handle: Any) -> list[str]:
    states: list[str] = []
    wait_for_step(api, handle, FAST, lambda state, _: states.append(state))
    return states


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
    assert find_step(api, cluster_id, step["Name"]) is None


def test_a_failing_step_fails_for_good_and_shows_the_tail_of_its_logs(api: EmrApi, s3: Any, cluster_id: str) -> None:
    handle = submit_once(
        api, cluster_id, shell_step("echo counted 3 rows; echo 'ValueError: no such year' >&2; exit 3")
    )
    with pytest.raises(StepFailed, match="is FAILED") as caught:
        wait(api, handle)
    assert not caught.value.retryable
    tails = tail_step_logs(api, s3, handle, patience_seconds=5)
    assert tails["stdout"] == ["counted 3 rows"]
    assert tails["stderr"][-1] == "ValueError: no such year"


def test_waiting_makes_one_call_a_poll(api: EmrApi, cluster_id: str) -> None:
    handle = submit_once(api, cluster_id, shell_step("sleep 1"))
    calls: list[str] = []
    api.read.meta.events.register("before-call.emr.*", lambda model, **_: calls.append(model.name), unique_id="count")
    try:
        wait(api, handle)
    finally:
        api.read.meta.events.unregister("before-call.emr.*", unique_id="count")
    assert set(calls) == {"DescribeStep"}
    assert len(calls) >= 4


def test_a_cancelled_step_is_gone_with_its_children(api: EmrApi, cluster_id: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    handle = submit_once(api, cluster_id, shell_step(f"trap '' TERM; sleep 300 & echo $! > {pid_file}; wait; wait"))
    deadline = time.monotonic() + 20
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    child = int(pid_file.read_text())
    started = time.monotonic()
    assert cancel_step(api, handle) == "CANCELLED"
    assert time.monotonic() - started < 8
    assert not is_running(child)
    with pytest.raises(StepFailed, match="is CANCELLED"):
        wait(api, handle)


def test_polls_grow_with_age_within_bounds() -> None:
    interval = PollInterval()

    class State:
        seconds_since_start = 0.0

    pauses = []
    for age in (0.0, 60.0, 3600.0):
        State.seconds_since_start = age
        pauses.append(interval(State()))  # type: ignore[arg-type]
    assert 0.5 <= pauses[0] <= 0.6
    assert 3.0 <= pauses[1] <= 3.6
    assert 30.0 <= pauses[2] <= 36.0

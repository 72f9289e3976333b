"""What the last task of a run says, by what the others left; the runs themselves are in tests/verdicts, under the real scheduler."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from emr_pipelines.dag.verdict import RunVerdictOperator

ENDED = "2024-01-01T12:00:00+00:00"
COMPLETE = {
    ("publish_code", "return_value"): "s3://b/code/1",
    ("one.wait", "ended"): ENDED,
    ("two.wait", "ended"): ENDED,
    ("terminate_cluster", "terminated"): ["j-1"],
}
WELL = {"one.wait": "success", "two.wait": "success"}


class FinishedTasks:
    """A task instance as the verdict asks it: the XComs and states of the other tasks."""

    dag_id, run_id = "d", "r"

    def __init__(self, xcoms: dict[tuple[str, str], Any], states: dict[str, str]) -> None:
        self._xcoms, self._states = xcoms, states

    def xcom_pull(self, *, task_ids: str, key: str) -> Any:
        return self._xcoms.get((task_ids, key))

    def get_task_states(self, *, dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, dict[str, str]]:
        assert (dag_id, run_ids) == ("d", ["r"])
        return {"r": {task_id: self._states[task_id] for task_id in task_ids if task_id in self._states}}


def judge(xcoms: dict[tuple[str, str], Any], states: dict[str, str], *, ends_cluster: bool = True) -> None:
    task = RunVerdictOperator(task_id="verdict", upstream_of={"one": [], "two": ["one"]}, ends_cluster=ends_cluster)
    context: Any = {"ti": FinishedTasks(xcoms, states)}
    task.execute(context)


def without(*keys: tuple[str, str]) -> dict[tuple[str, str], Any]:
    return {key: value for key, value in COMPLETE.items() if key not in keys}


def test_a_complete_run_is_green_also_when_there_was_no_cluster_left_to_end() -> None:
    judge(COMPLETE, WELL)
    judge({**COMPLETE, ("terminate_cluster", "terminated"): []}, WELL)
    judge(without(("terminate_cluster", "terminated")), WELL, ends_cluster=False)


def test_all_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(AirflowFailException) as raised:
        judge(without(("two.wait", "ended"), ("terminate_cluster", "terminated")), WELL)
    said = str(raised.value)
    assert "two did not run; somebody marked it as success" in said
    assert "terminate_cluster did not end its work" in said
    assert "\n  one " not in said


def test_where_nothing_was_published_no_cluster_can_be_left() -> None:
    with pytest.raises(AirflowFailException) as raised:
        judge({}, dict.fromkeys(WELL, "upstream_failed"))
    assert "terminate_cluster" not in str(raised.value)


def test_a_run_that_the_spec_lets_pass_without_input_is_skipped_and_says_why() -> None:
    with pytest.raises(AirflowSkipException, match="nothing at s3://b/in"):
        judge({("publish_code", "empty_input"): "nothing at s3://b/in"}, {})


def test_a_step_without_input_may_be_left_out_of_a_green_run() -> None:
    left_out = without(("two.wait", "ended")) | {("two.submit", "empty_input"): "nothing at s3://b/in"}
    judge(left_out, {"one.wait": "success", "two.wait": "skipped"})

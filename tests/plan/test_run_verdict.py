"""Which runs are complete, by what their tasks left behind."""

from __future__ import annotations

import datetime as dt

import pytest

from emr_pipelines.plan.runs.run_verdict import StepEvidence, find_gaps

NOON = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)


def step(name: str, *upstream: str, state: str | None = "success", hour: int | None = 0, empty: str | None = None):
    ended = None if hour is None else NOON + dt.timedelta(hours=hour)
    return StepEvidence(name=name, upstream=upstream, state=state, ended=ended, empty=empty)


def test_a_run_whose_steps_all_ended_is_complete() -> None:
    assert find_gaps([step("one"), step("two", "one", hour=1), step("beside", hour=3)]) == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "did not run"),
        ("skipped", "skipped"),
        ("removed", "no longer part of the DAG"),
        ("failed", "failed"),
        ("upstream_failed", "a task before it failed"),
        ("success", "somebody marked it as success"),
        ("deferred", "its task is deferred"),
    ],
)
def test_a_step_without_an_end_is_a_gap_whatever_its_state(state: str | None, words: str) -> None:
    (gap,) = find_gaps([step("one"), step("two", "one", state=state, hour=None)])
    assert gap.startswith("two ")
    assert words in gap


def test_a_step_that_ended_and_was_then_marked_as_failed_is_a_gap() -> None:
    assert find_gaps([step("one", state="failed")]) == ["one had ended, and then its task became failed"]


def test_a_step_that_used_an_output_which_was_made_anew_since_is_a_gap() -> None:
    (gap,) = find_gaps([step("one", hour=2), step("two", "one", hour=1)])
    assert "two ended before one, which ran again since" in gap


def test_a_step_without_input_may_be_left_out_and_so_may_those_after_it() -> None:
    steps = [
        step("one", state="skipped", hour=None, empty="nothing at s3://b/in"),
        step("two", "one", state="skipped", hour=None),
        step("three", "two", state="skipped", hour=None),
        step("beside", state="skipped", hour=None),
    ]
    assert [gap.split()[0] for gap in find_gaps(steps)] == ["beside"]

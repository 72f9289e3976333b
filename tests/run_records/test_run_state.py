"""A run is green only when all of it is: the table of what EMR and S3 tell, and the state that follows."""

from __future__ import annotations

import datetime as dt

import pytest

from emr_pipelines.run_records.run_state import ClusterFacts, RunFacts, StepFacts, verdict_of

NOW = dt.datetime(2005, 1, 1, 12, tzinfo=dt.UTC)
LONG_AGO, JUST_NOW = NOW - dt.timedelta(hours=1), NOW - dt.timedelta(seconds=20)
ENDED = ClusterFacts(cluster_id="j-1", state="TERMINATED", reason="TERMINATED USER_REQUEST", is_live=False)
LIVE = ClusterFacts(cluster_id="j-1", state="RUNNING", reason="RUNNING", is_live=True)
BROKEN = ClusterFacts(
    cluster_id="j-1", state="TERMINATED_WITH_ERRORS", reason="TERMINATED_WITH_ERRORS INSTANCE_FAILURE", is_live=False
)
SHARED = ClusterFacts(cluster_id="j-9", state="WAITING", reason="WAITING", is_live=True, is_own=False)


def step(name: str, state: str, verified: bool | None = None, *, skips: bool = False) -> StepFacts:
    return StepFacts(name=name, state=state, verified=verified, skips_when_empty=skips)


DONE = [step("a", "COMPLETED", True), step("b", "COMPLETED")]
HALF = [step("a", "COMPLETED", True), step("b", "-")]


@pytest.mark.parametrize(
    ("steps", "clusters", "last_sign", "state", "why"),
    [
        (DONE, [ENDED], LONG_AGO, "success", ""),
        # Its own cluster still lives: Airflow has more to do.
        (DONE, [LIVE], JUST_NOW, "running", "its cluster j-1 is RUNNING"),
        ([step("a", "RUNNING"), step("b", "-")], [LIVE], JUST_NOW, "running", "step a"),
        ([step("a", "FAILED"), step("b", "-")], [LIVE], JUST_NOW, "running", "its cluster j-1 is RUNNING"),
        ([step("a", "FAILED"), step("b", "-")], [ENDED], JUST_NOW, "failed", "step a is FAILED"),
        ([step("a", "CANCELLED")], [ENDED], JUST_NOW, "failed", "step a is CANCELLED"),
        # A step that somebody cleared: what its earlier attempt left does not make the later one good.
        ([step("a", "FAILED", False)], [ENDED], LONG_AGO, "failed", "step a is FAILED"),
        ([step("a", "FAILED", True)], [ENDED], LONG_AGO, "failed", "step a is FAILED"),
        # COMPLETED is not enough where an output is promised.
        ([step("a", "COMPLETED", False)], [ENDED], LONG_AGO, "failed", "the output of step a was not accepted after it COMPLETED"),
        ([step("a", "COMPLETED", False)], [ENDED], JUST_NOW, "failed", "the output of step a was not accepted after it COMPLETED"),
        (HALF, [ENDED], LONG_AGO, "incomplete", "it ended before step b was submitted"),
        ([DONE[0], step("b", "-", skips=True)], [ENDED], LONG_AGO, "incomplete", "it ended before step b was submitted, which may have been skipped for an empty input"),
        ([DONE[0], step("b", "PENDING")], [ENDED], LONG_AGO, "incomplete", "its cluster ended while step b was PENDING"),
        (HALF, [BROKEN], LONG_AGO, "failed", "its cluster j-1 is TERMINATED_WITH_ERRORS INSTANCE_FAILURE"),
        # A lost cluster whose place another took is no failure.
        (DONE, [BROKEN, ENDED], LONG_AGO, "success", ""),
        ([step("a", "-")], [], JUST_NOW, "running", "no cluster of it is known yet"),
        ([step("a", "-")], [], LONG_AGO, "incomplete", "EMR knows no cluster of it: none was made, or it is older than the two months that EMR remembers"),
        # What EMR has forgotten, S3 still proves; for a step without an output nothing does.
        ([step("a", "-", True)], [], LONG_AGO, "success", ""),
        ([step("a", "-", True), step("b", "-")], [], LONG_AGO, "incomplete", "EMR knows no cluster of it: none was made, or it is older than the two months that EMR remembers"),
        (HALF, [SHARED], JUST_NOW, "running", "between two steps"),
        (HALF, [SHARED], LONG_AGO, "incomplete", "it ended before step b was submitted"),
        ([DONE[0], step("b", "PENDING")], [SHARED], LONG_AGO, "running", "step b"),
        (DONE, [SHARED], JUST_NOW, "success", ""),
        ([], [ENDED], LONG_AGO, "incomplete", "it has no steps that are known"),
    ],
)  # fmt: skip
def test_the_state_follows(
    steps: list[StepFacts], clusters: list[ClusterFacts], last_sign: dt.datetime, state: str, why: str
) -> None:
    verdict = verdict_of(RunFacts(steps=steps, clusters=clusters, last_sign=last_sign, now=NOW))
    assert (verdict.state, verdict.why) == (state, why)

"""What a step's end leads to: the whole table, and what no case may ever do."""

from __future__ import annotations

import itertools

import pytest

from emr_pipelines.emr.cluster_replacement import ClusterLoss
from emr_pipelines.emr.emr_api import TERMINAL_STEP_STATES
from emr_pipelines.emr.retry_policy import Decision, EndOfStep, decide

BY_USER = ClusterLoss(reason="TERMINATED USER_REQUEST")
IDLE = ClusterLoss(reason="TERMINATED idle", idle=True)
BROKEN = ClusterLoss(reason="TERMINATED_WITH_ERRORS INSTANCE_FAILURE", infrastructure=True)


def end(state: str, **more: object) -> EndOfStep:
    values = {
        "loss": None,
        "found_ended": False,
        "is_retry": False,
        "cleared": False,
        "job_retries_left": 0,
        "infrastructure_retries_left": 2,
    }
    return EndOfStep(state=state, **{**values, **more})


@pytest.mark.parametrize(
    ("case", "decision"),
    [
        (end("COMPLETED"), Decision.SUCCEED),
        (end("FAILED"), Decision.FAIL),
        (end("FAILED", job_retries_left=1), Decision.RESUBMIT),
        (end("FAILED", found_ended=True, is_retry=True), Decision.FAIL),
        (end("FAILED", found_ended=True, is_retry=True, cleared=True), Decision.RESUBMIT),
        (end("FAILED", loss=BROKEN), Decision.RESUBMIT),
        (end("FAILED", loss=BY_USER), Decision.FAIL),
        (end("CANCELLED"), Decision.FAIL),
        (end("CANCELLED", is_retry=True), Decision.FAIL),
        (end("CANCELLED", found_ended=True, is_retry=True), Decision.RESUBMIT),
        (end("CANCELLED", loss=IDLE), Decision.RESUBMIT),
        (end("CANCELLED", loss=BY_USER), Decision.FAIL),
        (end("INTERRUPTED"), Decision.RESUBMIT),
        (end("INTERRUPTED", loss=BROKEN), Decision.RESUBMIT),
        (end("INTERRUPTED", loss=BY_USER), Decision.FAIL),
        (end("INTERRUPTED", infrastructure_retries_left=0), Decision.FAIL),
    ],
)
def test_the_table(case: EndOfStep, decision: Decision) -> None:
    assert decide(case) is decision


def every_end() -> list[EndOfStep]:
    flags = [False, True]
    return [
        end(
            state,
            loss=loss,
            found_ended=found,
            is_retry=retry,
            cleared=cleared,
            job_retries_left=jobs,
            infrastructure_retries_left=infrastructure,
        )
        for state, loss, found, retry, cleared, jobs, infrastructure in itertools.product(
            TERMINAL_STEP_STATES, [None, BY_USER, IDLE, BROKEN], flags, flags, flags, [0, 1], [0, 2]
        )
    ]


def test_only_a_completed_step_succeeds() -> None:
    assert {case.state for case in every_end() if decide(case) is Decision.SUCCEED} == {"COMPLETED"}


def test_a_failing_job_runs_again_only_if_the_spec_or_a_person_says_so() -> None:
    for case in every_end():
        asked = case.job_retries_left > 0 or (case.cleared and case.found_ended)
        broken = case.loss is not None and case.loss.infrastructure
        if case.state == "FAILED" and not asked and not broken:
            assert decide(case) is Decision.FAIL


def test_nothing_runs_again_on_its_own_after_the_cluster_was_ended_on_purpose() -> None:
    for case in every_end():
        if case.loss == BY_USER and not case.cleared and not (case.state == "FAILED" and case.job_retries_left):
            assert decide(case) is not Decision.RESUBMIT

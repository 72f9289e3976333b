"""What a step's end leads to: the one table of it. Pure: asks nobody, changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from emr_pipelines.emr.cluster_replacement import ClusterLoss

# How often one task starts a step again that its cluster or instances took down, before it leaves that to Airflow's own retries.
INFRASTRUCTURE_RETRIES = 2


class Decision(Enum):
    """What a step's end leads to."""

    SUCCEED = "succeed"
    RESUBMIT = "resubmit"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfStep:
    """All that the decision depends on.

    `found_ended`: this task found the step ended when it began, so it is not this task that saw it end. `is_retry`: the task was killed, failed or cleared before.
    `cleared`: somebody cleared the task after the step had been submitted. `loss`: the cluster is gone, and why.
    """

    state: str
    loss: ClusterLoss | None
    found_ended: bool
    is_retry: bool
    cleared: bool
    job_retries_left: int
    infrastructure_retries_left: int


def decide(end: EndOfStep) -> Decision:
    """Whether a step has succeeded, runs again, or has failed.

    A failing job never runs again unless the spec's `retries` or a person (a clear) says so. A step that somebody cancelled or whose cluster somebody ended does not
    either; but one that is found cancelled by a task that was killed was cancelled by that kill.
    """
    if end.state == "COMPLETED":
        return Decision.SUCCEED
    again_by_hand = end.found_ended and end.cleared
    if end.state == "FAILED" and not (end.loss and end.loss.infrastructure):
        return Decision.RESUBMIT if again_by_hand or end.job_retries_left > 0 else Decision.FAIL
    if again_by_hand:
        return Decision.RESUBMIT
    if end.infrastructure_retries_left <= 0 or (end.loss is not None and end.loss.on_purpose):
        return Decision.FAIL
    if end.state == "CANCELLED" and end.loss is None:
        return Decision.RESUBMIT if end.found_ended and end.is_retry else Decision.FAIL
    return Decision.RESUBMIT

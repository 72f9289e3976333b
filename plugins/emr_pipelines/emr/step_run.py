"""One step of one run, from its first submission to its end: what a lost cluster, a kill, a clear or a failed job lead to. Nothing here knows Airflow.

Every choice rests on EMR's own state (keys in names, states, reasons), never on the memory of a process: a task that was killed at any point and starts again
goes on where the other stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from emr_pipelines.emr.cluster_loss import ClusterLoss, ClusterSource, find_loss
from emr_pipelines.emr.clusters import live_clusters
from emr_pipelines.emr.emr_api import ClusterGone, EmrApi, StepFailed
from emr_pipelines.emr.steps import (
    StepHandle,
    Submission,
    describe_failure,
    describe_step,
    list_submissions,
    submit_once,
)
from emr_pipelines.plan.keys import parse_step_name

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import StepTypeDef

log = logging.getLogger(__name__)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAttempt:
    """What one attempt sends to EMR: the StepConfig with the attempt's key in its Name; and the prefix that it writes."""

    request: Mapping[str, Any]
    output: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTask:
    """The task that waits for a step: `attempt_of` renders an attempt of a label; `try_number` is Airflow's; `cleared` as in EndOfStep; `job_retries` is the spec's `retries`."""

    attempt_of: Callable[[str], StepAttempt]
    clusters: ClusterSource
    try_number: int
    cleared: bool
    job_retries: int
    execution_role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a waiting task stands; survives a deferral. `resubmitted` counts this try's own submissions, the other two what they were for."""

    submission: Submission
    resubmitted: int = 0
    job_retries_used: int = 0
    infrastructure_retries_used: int = 0


def begin(api: EmrApi, task: StepTask, submitted: Submission) -> Progress:
    """What is to be watched now: the submission that the submit task made; in a later try perhaps one that an earlier try made after it, or a new one.

    Raises StepFailed when the step has ended for good.
    """
    start = Progress(submission=submitted)
    if task.try_number == 1:
        return start
    step = describe_step(api, submitted.handle)
    current = replace(submitted, state=step["Status"]["State"])
    progress = replace(start, submission=current)
    if not current.is_active and current.state != "COMPLETED":
        progress = _find_later(api, task, current)
        current = progress.submission
    if current.is_active or current.state == "COMPLETED":
        log.info("Going on with attempt %s (%s), which is %s", current.label, current.handle.step_id, current.state)
        return progress
    ended = step if current.handle == submitted.handle else describe_step(api, current.handle)
    return after_end(api, task, progress, ended, found_ended=True) or progress


def _find_later(api: EmrApi, task: StepTask, ended: Submission) -> Progress:
    """The latest attempt on the run's cluster that belongs to the ended one (which an earlier try of this task submitted), else the ended one."""
    clusters = [ended.handle.cluster_id]
    if task.clusters.request is not None:
        clusters = live_clusters(api, task.clusters.request()) or clusters
    key = parse_step_name(task.attempt_of(ended.label).request["Name"])
    family = "" if key is None else key.family
    attempts = [one for cluster in clusters for one in _attempts(api, cluster, family) if _belongs(one, ended)]
    failed = sum(one.state == "FAILED" for one in attempts)
    return Progress(submission=next(iter(attempts), ended), job_retries_used=max(failed - 1, 0))


def _attempts(api: EmrApi, cluster_id: str, family: str) -> list[Submission]:
    try:
        return list_submissions(api, cluster_id, family)
    except ClusterGone:
        return []


def _belongs(one: Submission, first: Submission) -> bool:
    return one.label == first.label or one.label.startswith(f"{first.label}-")


def after_end(
    api: EmrApi, task: StepTask, progress: Progress, step: StepTypeDef, *, found_ended: bool = False
) -> Progress | None:
    """What to watch next when a step has ended: None when it has COMPLETED, a new submission when it runs again.

    Raises StepFailed with EMR's FailureDetails when it has failed; ClusterGone when its cluster is lost and nothing may take its place.
    """
    state = step["Status"]["State"]
    cluster_id = progress.submission.handle.cluster_id
    loss = None if state == "COMPLETED" else find_loss(api, cluster_id)
    end = EndOfStep(
        state=state,
        loss=loss,
        found_ended=found_ended,
        is_retry=task.try_number > 1,
        cleared=task.cleared,
        job_retries_left=task.job_retries - progress.job_retries_used,
        infrastructure_retries_left=INFRASTRUCTURE_RETRIES - progress.infrastructure_retries_used,
    )
    match decide(end):
        case Decision.SUCCEED:
            return None
        case Decision.FAIL:
            # When the infrastructure failed too often, Airflow's own retries go on after a pause.
            curable = state == "INTERRUPTED" if loss is None else not loss.on_purpose
            words = "" if loss is None else f"; cluster {cluster_id} is gone: {loss.reason}"
            raise StepFailed(describe_failure(step) + words, retryable=curable, state=state)
        case Decision.RESUBMIT:
            log.warning("%s; it runs again", describe_failure(step))
            return _resubmit(api, task, progress, loss, job=state == "FAILED")


def _resubmit(api: EmrApi, task: StepTask, progress: Progress, loss: ClusterLoss | None, *, job: bool) -> Progress:
    cluster_id = progress.submission.handle.cluster_id
    if loss is not None:
        # A clear takes back that the cluster was ended on purpose.
        cluster_id = task.clusters.replace(api, cluster_id, replace(loss, idle=loss.idle or task.cleared))
    count = progress.resubmitted + 1
    label = f"{progress.submission.label.split('-')[0]}-{task.try_number}-{count}"
    request = task.attempt_of(label).request
    handle = submit_step(api, task.clusters, cluster_id, request, execution_role=task.execution_role)
    return Progress(
        submission=Submission(handle=handle, label=label),
        resubmitted=count,
        job_retries_used=progress.job_retries_used + job,
        infrastructure_retries_used=progress.infrastructure_retries_used + (not job),
    )


def submit_step(
    api: EmrApi,
    clusters: ClusterSource,
    cluster_id: str,
    request: Mapping[str, Any],
    *,
    execution_role: str | None,
) -> StepHandle:
    """Submit to the cluster, or, when it turns out to be lost, to the one that takes its place. Raises as `submit_once` and `ClusterSource.replace` do."""
    try:
        return submit_once(api, cluster_id, request, execution_role=execution_role)
    except ClusterGone:
        loss = find_loss(api, cluster_id)
        if loss is None:
            raise
        return submit_once(api, clusters.replace(api, cluster_id, loss), request, execution_role=execution_role)

"""One step of one run, from its first submission to its end: what a lost cluster, a kill, a clear or a failed job lead to. Nothing here knows Airflow.

Every choice rests on EMR's own state (keys in names, states, reasons), never on the memory of a process: a task that was killed at any point and starts again
goes on where the other stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from emr_pipelines.emr.cluster_replacement import ClusterLoss, ClusterSource, find_loss
from emr_pipelines.emr.clusters import live_clusters
from emr_pipelines.emr.emr_api import TERMINAL_STEP_STATES, ClusterGone, EmrApi, RunError, StepFailed
from emr_pipelines.emr.retry_policy import INFRASTRUCTURE_RETRIES, Decision, EndOfStep, decide
from emr_pipelines.emr.steps import (
    StepHandle,
    Submission,
    cancel_step,
    describe_failure,
    describe_step,
    list_submissions,
    submit_once,
)
from emr_pipelines.plan.keys import epoch_of, label_order, parse_step_name

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import StepTypeDef

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAttempt:
    """What one attempt sends to EMR: the StepConfig with the attempt's key in its Name; and the prefix that it writes."""

    request: Mapping[str, Any]
    output: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTask:
    """The task that waits for a step: `attempt_of` renders an attempt of a label; `try_number` is Airflow's; `first_try` the one with which its latest clear began; `cleared` as in EndOfStep; `job_retries` is the spec's `retries`."""

    attempt_of: Callable[[str], StepAttempt]
    clusters: ClusterSource
    try_number: int
    cleared: bool
    job_retries: int
    first_try: int = 1
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
    if current.state == "CANCEL_PENDING" or (current.is_active and task.cleared and not _is_own(task, current)):
        # The kill of an earlier try has asked EMR to end it, or the clear of a deferred one will: no other may start before that.
        _end(api, current)
    elif current.is_active or current.state == "COMPLETED":
        log.info("Going on with attempt %s (%s), which is %s", current.label, current.handle.step_id, current.state)
        return progress
    ended = describe_step(api, current.handle)
    return after_end(api, task, progress, ended, found_ended=True) or progress


def _end(api: EmrApi, one: Submission) -> Submission:
    state = cancel_step(api, one.handle)
    if state not in TERMINAL_STEP_STATES:
        raise RunError(f"Attempt {one.label} ({one.handle.step_id}) cannot be cancelled yet", retryable=True)
    return replace(one, state=state)


def _is_own(task: StepTask, one: Submission) -> bool:
    """Whether a try of this task submitted it after the latest clear: its label's second number is that try."""
    _, *by_try = label_order(one.label)
    return bool(by_try) and by_try[0] >= task.first_try


def _find_later(api: EmrApi, task: StepTask, ended: Submission) -> Progress:
    """The latest attempt on the run's cluster of the ended one's epoch (which an earlier try of this task submitted), else the ended one."""
    clusters = [ended.handle.cluster_id]
    if task.clusters.request is not None:
        clusters = live_clusters(api, task.clusters.request()) or clusters
    attempts = _attempts_of_epoch(api, clusters, task.attempt_of(ended.label))
    failed = sum(one.state == "FAILED" for one in attempts)
    return Progress(submission=next(iter(attempts), ended), job_retries_used=max(failed - 1, 0))


def _attempts_of_epoch(api: EmrApi, clusters: Iterable[str], like: StepAttempt) -> list[Submission]:
    """What was submitted to the clusters between the same two clears as `like`, latest first."""
    key = parse_step_name(like.request["Name"])
    if key is None:
        return []
    found = [one for cluster in clusters for one in _attempts(api, cluster, key.family)]
    ours = [one for one in found if epoch_of(one.label) == epoch_of(key.label)]
    return sorted(ours, key=lambda one: label_order(one.label), reverse=True)


def _attempts(api: EmrApi, cluster_id: str, family: str) -> list[Submission]:
    try:
        return list_submissions(api, cluster_id, family)
    except ClusterGone:
        return []


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
            raise failure_of(step, cluster_id, loss)
        case Decision.RESUBMIT:
            log.warning("%s; it runs again", describe_failure(step))
            return _resubmit(api, task, progress, loss, job=state == "FAILED")


def failure_of(step: StepTypeDef, cluster_id: str, loss: ClusterLoss | None) -> StepFailed:
    """The failure of a step that has ended for good, as EMR tells it of the step and of its cluster."""
    state = step["Status"]["State"]
    # When the infrastructure failed too often, Airflow's own retries go on after a pause.
    curable = state == "INTERRUPTED" if loss is None else not loss.on_purpose
    words = "" if loss is None else f"; cluster {cluster_id} is gone: {loss.reason}"
    return StepFailed(describe_failure(step) + words, retryable=curable, state=state)


def _resubmit(api: EmrApi, task: StepTask, progress: Progress, loss: ClusterLoss | None, *, job: bool) -> Progress:
    cluster_id = progress.submission.handle.cluster_id
    if loss is not None:
        # A clear takes back that the cluster was ended on purpose.
        cluster_id = task.clusters.replace(api, cluster_id, replace(loss, idle=loss.idle or task.cleared))
    count = progress.resubmitted + 1
    label = f"{epoch_of(progress.submission.label)}-{task.try_number}-{count}"
    request = task.attempt_of(label).request
    handle = submit_step(api, task.clusters, cluster_id, request, execution_role=task.execution_role)
    return Progress(
        submission=Submission(handle=handle, label=label),
        resubmitted=count,
        job_retries_used=progress.job_retries_used + job,
        infrastructure_retries_used=progress.infrastructure_retries_used + (not job),
    )


def submit_first(
    api: EmrApi,
    clusters: ClusterSource,
    cluster_id: str,
    attempt_of: Callable[[str], StepAttempt],
    *,
    epoch: str,
    try_number: int,
    execution_role: str | None,
) -> Submission:
    """The first submission after a clear (`epoch` is its label): what an earlier try of the task submitted, else a new one. Raises as `submit_step` does.

    A later try submits under a label of its own, so that it never shares a prefix with what an earlier one submitted to a cluster that was lost, or submits
    late because it was only taken for dead. What was cancelled by the kill of an earlier try runs anew, too.
    """
    label = epoch
    if try_number > int(epoch):
        live = [] if clusters.request is None else live_clusters(api, clusters.request())
        found = next(iter(_attempts_of_epoch(api, dict.fromkeys([cluster_id, *live]), attempt_of(epoch))), None)
        if found is not None and found.state == "CANCEL_PENDING":
            found = _end(api, found)
        if found is not None and found.state != "CANCELLED":
            log.info("Adopted attempt %s (%s) of an earlier try", found.label, found.handle.step_id)
            return found
        label = f"{epoch}-0-{try_number}"
    handle = submit_step(api, clusters, cluster_id, attempt_of(label).request, execution_role=execution_role)
    return Submission(handle=handle, label=label)


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

"""A step's submissions: made once each, listed by the key in their Name, cancelled. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.emr.cluster_replacement import find_loss
from emr_pipelines.emr.create_once import create_once
from emr_pipelines.emr.emr_api import (
    TERMINAL_STEP_STATES,
    ClusterGone,
    EmrApi,
    RunError,
    describe_error,
    may_succeed_later,
)
from emr_pipelines.emr.polling import PollInterval, poll_until
from emr_pipelines.plan.keys import StepKey, epoch_of, label_order, parse_step_name

if TYPE_CHECKING:
    from types_boto3_emr.literals import StepCancellationOptionType
    from types_boto3_emr.type_defs import StepTypeDef

log = logging.getLogger(__name__)

_CANCEL_GRACE_SECONDS = 5.0
_CANCEL_SECONDS = 30.0
_UNKNOWN_STATE = "in a state that EMR does not tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepHandle:
    """A step on a cluster."""

    cluster_id: str
    step_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One submission of a step: its attempt label, and where it stands as far as EMR was asked."""

    handle: StepHandle
    label: str
    state: str = "PENDING"

    @property
    def is_active(self) -> bool:
        """Whether it may still run."""
        return self.state not in TERMINAL_STEP_STATES


def submit_once(
    api: EmrApi, cluster_id: str, step: Mapping[str, Any], *, execution_role: str | None = None
) -> StepHandle:
    """The step of the cluster that carries this step's key in its Name, else a new one. An older attempt that still runs is cancelled first.

    Raises RunError when EMR refuses the step (final), its answer stays unknown (retryable), or an argument is empty (EMR drops such arguments);
    ClusterGone when the cluster takes no more steps.
    """
    _refuse_empty_arguments(step)
    key = _key_of(step)
    earlier = list_submissions(api, cluster_id, key.family)
    adopted = next((one.handle for one in earlier if one.label == key.label), None)
    if adopted is not None:
        log.info("Adopted step %s (%s) of cluster %s", adopted.step_id, step["Name"], cluster_id)
        return adopted
    _end_older_attempts(api, earlier, key)
    request: dict[str, Any] = {"JobFlowId": cluster_id, "Steps": [dict(step)]}
    if execution_role is not None:
        request["ExecutionRoleArn"] = execution_role
    try:
        step_id = create_once(
            f"AddJobFlowSteps of {step['Name']}",
            send=lambda: api.write.add_job_flow_steps(**request)["StepIds"][0],
            find=lambda: _find(api, cluster_id, key),
        )
    except RunError as error:
        raise _gone(api, cluster_id) or error from error
    log.info("Submitted step %s (%s) to cluster %s", step_id, step["Name"], cluster_id)
    return StepHandle(cluster_id=cluster_id, step_id=step_id)


def _refuse_empty_arguments(step: Mapping[str, Any]) -> None:
    arguments = step["HadoopJarStep"]["Args"]
    if "" in arguments:
        position = arguments.index("")
        raise RunError(
            f"Step {step['Name']}: argument {position + 1} is empty after substitution ({arguments[:position]} …); EMR drops empty arguments, so nothing was submitted",
            retryable=False,
        )


def _key_of(step: Mapping[str, Any]) -> StepKey:
    key = parse_step_name(step["Name"])
    if key is None:
        raise ValueError(f"the step name {step['Name']!r} carries no key")
    return key


def list_submissions(api: EmrApi, cluster_id: str, family: str) -> list[Submission]:
    """The submissions of one step of one run on a cluster, latest first. Raises ClusterGone when EMR does not know the cluster."""
    try:
        pages = list(api.read.get_paginator("list_steps").paginate(ClusterId=cluster_id))
    except ClientError as error:
        # A listing that only failed for now may hold the submission that is looked for, also on a cluster that has ended.
        gone = None if may_succeed_later(error) else _gone(api, cluster_id)
        if gone is None:
            raise
        raise gone from error
    found = [
        Submission(
            handle=StepHandle(cluster_id=cluster_id, step_id=step["Id"]), label=key.label, state=step["Status"]["State"]
        )
        for page in pages
        for step in page["Steps"]
        if (key := parse_step_name(step["Name"])) is not None and key.family == family
    ]
    return sorted(found, key=lambda one: label_order(one.label), reverse=True)


def _find(api: EmrApi, cluster_id: str, key: StepKey) -> str | None:
    submissions = list_submissions(api, cluster_id, key.family)
    return next((one.handle.step_id for one in submissions if one.label == key.label), None)


def _end_older_attempts(api: EmrApi, submissions: list[Submission], key: StepKey) -> None:
    """Two attempts of one step never run at once: an older one (its task was cleared while it ran) goes first."""
    for one in submissions:
        if label_order(one.label) > label_order(key.label):
            raise RunError(
                f"Attempt {one.label} of this step was submitted already, so attempt {key.label} is out of date",
                retryable=False,
            )
        if not one.is_active:
            continue
        log.warning(
            "Attempt %s (%s) still runs; it is cancelled before attempt %s", one.label, one.handle.step_id, key.label
        )
        if cancel_step(api, one.handle) not in TERMINAL_STEP_STATES:
            raise RunError(f"Attempt {one.label} ({one.handle.step_id}) cannot be cancelled yet", retryable=True)


def _gone(api: EmrApi, cluster_id: str) -> ClusterGone | None:
    loss = find_loss(api, cluster_id)
    if loss is None:
        return None
    return ClusterGone(
        f"Cluster {cluster_id} is gone: {loss.reason}", retryable=not loss.on_purpose, cluster_id=cluster_id
    )


def describe_step(api: EmrApi, handle: StepHandle) -> StepTypeDef:
    """DescribeStep's Step."""
    return api.read.describe_step(ClusterId=handle.cluster_id, StepId=handle.step_id)["Step"]


def describe_failure(step: StepTypeDef) -> str:
    """One line: the step's name, end state, and EMR's FailureDetails or reason."""
    status = step["Status"]
    details = status.get("FailureDetails", {})
    reason = status.get("StateChangeReason", {}).get("Message", "")
    parts = (
        details.get("Reason", ""),
        details.get("Message", ""),
        "" if details else reason,
        f"(log: {details['LogFile']})" if details.get("LogFile") else "",
    )
    return f"Step {step['Id']} ({step['Name']}) is {status['State']}: " + (
        " ".join(part for part in parts if part).rstrip(" .") or "EMR gives no reason"
    )


def cancel_step(api: EmrApi, handle: StepHandle, *, timeout_seconds: float = _CANCEL_SECONDS) -> str:
    """Cancel a step that may still run: SIGTERM first, SIGKILL if it has not gone after a part of the time, 5 s at most. Returns the last state seen.

    CancelSteps is idempotent and asynchronous (AWS: emr-cancel-steps), so the retrying client sends it.
    """
    grace = min(_CANCEL_GRACE_SECONDS, timeout_seconds * 0.7)
    ways: tuple[tuple[StepCancellationOptionType, float], ...] = (
        ("SEND_INTERRUPT", grace),
        ("TERMINATE_PROCESS", timeout_seconds - grace),
    )
    state = _state_of(api, handle)
    for option, patience in ways:
        if state in TERMINAL_STEP_STATES:
            break
        try:
            api.read.cancel_steps(ClusterId=handle.cluster_id, StepIds=[handle.step_id], StepCancellationOption=option)
        except (ClientError, BotoCoreError) as error:
            log.warning("CancelSteps of %s failed: %s", handle.step_id, describe_error(error))
        state = poll_until(
            lambda: _state_of(api, handle),
            lambda seen: seen in TERMINAL_STEP_STATES,
            PollInterval(minimum=0.2, maximum=1.0),
            timeout_seconds=patience,
        )
    log.info("Step %s is %s after the request to cancel it", handle.step_id, state)
    return state


def cancel_submission(api: EmrApi, cluster_id: str, step: Mapping[str, Any], *, timeout_seconds: float) -> None:
    """Cancel the submission of this step that was made since the last clear, if there is one that may still run."""
    key = _key_of(step)
    for one in list_submissions(api, cluster_id, key.family):
        if epoch_of(one.label) == epoch_of(key.label) and one.is_active:
            cancel_step(api, one.handle, timeout_seconds=timeout_seconds)


def _state_of(api: EmrApi, handle: StepHandle) -> str:
    """The step's state; a word of ours when EMR does not tell it, which must not keep a cancellation from being sent."""
    try:
        return describe_step(api, handle)["Status"]["State"]
    except (ClientError, BotoCoreError) as error:
        log.warning("The state of step %s is not known: %s", handle.step_id, describe_error(error))
        return _UNKNOWN_STATE

"""The life of a step: submit it once, wait for its end with one call a poll, cancel it. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from emr_pipelines.emr.emr_api import TERMINAL_STEP_STATES, EmrApi, RunError, StepFailed
from emr_pipelines.emr.polling import PollInterval, poll_until
from emr_pipelines.emr.writes import create_once
from emr_pipelines.plan.keys import key_of_step_name

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import StepTypeDef

log = logging.getLogger(__name__)

# INTERRUPTED means that the cluster or its instances went away under the step: the job itself may well succeed.
_RETRYABLE_STATES = frozenset({"INTERRUPTED"})
_CANCEL_GRACE_SECONDS = 5.0
_CANCEL_TIMEOUT_SECONDS = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepHandle:
    """A step on a cluster."""

    cluster_id: str
    step_id: str


def submit_once(
    api: EmrApi, cluster_id: str, step: Mapping[str, Any], *, execution_role: str | None = None
) -> StepHandle:
    """The step of the cluster that carries this step's key in its Name, else a new one.

    Raises RunError when EMR refuses the step (final), or its answer stays unknown (retryable), or an argument is empty (EMR drops such arguments).
    """
    _refuse_empty_arguments(step)
    existing = find_step(api, cluster_id, step["Name"])
    if existing is not None:
        log.info("Adopted step %s (%s) of cluster %s", existing, step["Name"], cluster_id)
        return StepHandle(cluster_id=cluster_id, step_id=existing)
    request: dict[str, Any] = {"JobFlowId": cluster_id, "Steps": [dict(step)]}
    if execution_role is not None:
        request["ExecutionRoleArn"] = execution_role
    step_id = create_once(
        f"AddJobFlowSteps of {step['Name']}",
        send=lambda: api.write.add_job_flow_steps(**request)["StepIds"][0],
        find=lambda: find_step(api, cluster_id, step["Name"]),
    )
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


def find_step(api: EmrApi, cluster_id: str, name: str) -> str | None:
    """The id of the cluster's step whose Name carries the same key as `name`; None if there is none."""
    key = key_of_step_name(name)
    pages = api.read.get_paginator("list_steps").paginate(ClusterId=cluster_id)
    return next(
        (
            step["Id"]
            for page in pages
            for step in page["Steps"]
            if key is not None and key_of_step_name(step["Name"]) == key
        ),
        None,
    )


def wait_for_step(
    api: EmrApi, handle: StepHandle, interval: PollInterval, on_change: Callable[[str, float], None]
) -> None:
    """Block until the step has COMPLETED; `on_change(state, seconds waited)` is called for each new state.

    Raises StepFailed with EMR's FailureDetails for every other end; retryable only when the infrastructure, not the job, failed.
    """
    started, last_state = time.monotonic(), ""

    def observe() -> StepTypeDef:
        nonlocal last_state
        step = api.read.describe_step(ClusterId=handle.cluster_id, StepId=handle.step_id)["Step"]
        if step["Status"]["State"] != last_state:
            last_state = step["Status"]["State"]
            on_change(last_state, time.monotonic() - started)
        return step

    step = poll_until(observe, lambda seen: seen["Status"]["State"] in TERMINAL_STEP_STATES, interval)
    if step["Status"]["State"] != "COMPLETED":
        raise StepFailed(describe_failure(step), retryable=step["Status"]["State"] in _RETRYABLE_STATES)


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
        " ".join(part for part in parts if part) or "EMR gives no reason"
    )


def cancel_step(api: EmrApi, handle: StepHandle) -> str:
    """Cancel a step that may still run: SIGTERM first, SIGKILL if it has not gone after 5 s. Returns the last state seen, at most 30 s later.

    CancelSteps is idempotent and asynchronous (AWS: emr-cancel-steps), so the retrying client sends it.
    """
    state = _state_of(api, handle)
    for option, patience in (("SEND_INTERRUPT", _CANCEL_GRACE_SECONDS), ("TERMINATE_PROCESS", _CANCEL_TIMEOUT_SECONDS)):
        if state in TERMINAL_STEP_STATES:
            break
        try:
            api.read.cancel_steps(ClusterId=handle.cluster_id, StepIds=[handle.step_id], StepCancellationOption=option)  # type: ignore[arg-type]  # the literals above
        except ClientError as error:
            log.warning("CancelSteps of %s was refused: %s", handle.step_id, error)
        state = poll_until(
            lambda: _state_of(api, handle),
            lambda seen: seen in TERMINAL_STEP_STATES,
            PollInterval(maximum=1.0),
            timeout_seconds=patience,
        )
    log.info("Step %s is %s after the request to cancel it", handle.step_id, state)
    return state


def _state_of(api: EmrApi, handle: StepHandle) -> str:
    return api.read.describe_step(ClusterId=handle.cluster_id, StepId=handle.step_id)["Step"]["Status"]["State"]

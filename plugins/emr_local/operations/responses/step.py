"""Steps as the API shows them. Pure."""

from __future__ import annotations

from typing import Any

from emr_local.operations.responses.shapes import omit_missing
from emr_local.resources.records import StepRecord


def describe_step(step: StepRecord) -> dict[str, Any]:
    """A step as DescribeStep shows it."""
    return {**summarize_step(step), **omit_missing(ExecutionRoleArn=step.execution_role)}


def summarize_step(step: StepRecord) -> dict[str, Any]:
    """A step as ListSteps shows it."""
    return {
        "Id": step.step_id,
        "Name": step.name,
        "Config": omit_missing(
            Jar=step.jar, Properties=dict(step.properties), MainClass=step.main_class, Args=list(step.args)
        ),
        "ActionOnFailure": step.action_on_failure,
        "Status": _describe_status(step),
    }


def _describe_status(step: StepRecord) -> dict[str, Any]:
    failure = omit_missing(Reason=step.failure_reason, Message=step.failure_message, LogFile=step.failure_log)
    return omit_missing(
        State=step.state,
        StateChangeReason={},
        FailureDetails=failure or None,
        Timeline=omit_missing(
            CreationDateTime=step.created_at, StartDateTime=step.started_at, EndDateTime=step.ended_at
        ),
    )

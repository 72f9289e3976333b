"""One CloudFormation stack: found, created, changed, deleted. A failed creation leaves nothing, a failed change the stack as it was. A client is passed in."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.emr.emr_api import describe_error
from emr_pipelines.emr.polling import PollInterval, poll_until
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.options import StackOptions, options_from_json
from emr_pipelines.infra.stack_events import Report, StackWatch, is_busy
from emr_pipelines.infra.stack_template.template import OPTIONS_OUTPUT

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
# Nothing in a stack of such a state is in use: a creation that failed, or a deletion that did not end.
_BROKEN = ("REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_INTERVAL = PollInterval(minimum=0.5, maximum=3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack as CloudFormation has it."""

    id: str
    name: str
    status: str
    outputs: Mapping[str, str]

    @property
    def is_broken(self) -> bool:
        """Whether it can only be deleted."""
        return self.status in _BROKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an update would do to a resource; `replaces` says that the resource is made anew."""

    action: str
    resource: str
    kind: str
    replaces: bool


def find_stack(cloudformation: Any, name: str) -> Stack | None:
    """The stack of a name or id, None if there is none (any more)."""
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    if found["StackStatus"] == "DELETE_COMPLETE":
        return None
    outputs = {each["OutputKey"]: each.get("OutputValue", "") for each in found.get("Outputs", [])}
    return Stack(id=found["StackId"], name=found["StackName"], status=found["StackStatus"], outputs=outputs)


def find_settled(cloudformation: Any, name: str, report: Report) -> Stack | None:
    """As `find_stack`, after what CloudFormation is still doing to the stack has ended."""
    stack = find_stack(cloudformation, name)
    if stack is None or not is_busy(stack.status):
        return stack
    StackWatch(cloudformation, stack.id, report, begun=True).wait()
    return find_stack(cloudformation, stack.id)


def deployed_options(cloudformation: Any, stack: Stack) -> StackOptions:
    """What the stack was last deployed with."""
    template = cloudformation.get_template(StackName=stack.id)["TemplateBody"]
    parsed = json.loads(template) if isinstance(template, str) else template
    try:
        return options_from_json(parsed["Outputs"][OPTIONS_OUTPUT]["Value"])
    except KeyError as error:
        raise EmrPipelinesError(
            f"The stack {stack.name} was not made by `emr-pipelines infra up`; choose another --env"
        ) from error


def create_stack(cloudformation: Any, name: str, template: Mapping[str, Any], report: Report) -> Stack:
    """A new stack. Raises EmrPipelinesError with the first resource that failed, after everything was removed again."""
    try:
        stack_id = cloudformation.create_stack(
            StackName=name,
            TemplateBody=_body(template),
            Capabilities=_CAPABILITIES,
            OnFailure="DELETE",
            # A resend of the same request is no second stack.
            ClientRequestToken=str(uuid.uuid4()),
            Tags=[{"Key": "emr-pipelines:stack", "Value": name}],
        )["StackId"]
    except (ClientError, BotoCoreError) as error:
        raise EmrPipelinesError(
            f"The stack {name} could not be created: {describe_error(error)}.{_remove_begun(cloudformation, name, error, report)}"
        ) from error
    watch = StackWatch(cloudformation, stack_id, report, new=True)
    status = watch.wait()
    if status == "CREATE_COMPLETE":
        return _existing(cloudformation, stack_id)
    left = "" if status == "DELETE_COMPLETE" else f" {_delete_quietly(cloudformation, stack_id, report)}"
    raise EmrPipelinesError(f"The stack {name} could not be created: {watch.describe_failure(status)}.{left}")


def _remove_begun(cloudformation: Any, name: str, error: Exception, report: Report) -> str:
    """After a refused CreateStack: delete what has begun under the name, unless it is somebody else's."""
    if isinstance(error, ClientError) and error.response["Error"]["Code"] == "AlreadyExistsException":
        return " Somebody else creates it at the same time; run `infra up` again when that has ended"
    pages = cloudformation.get_paginator("list_stacks").paginate(StackStatusFilter=["CREATE_IN_PROGRESS"])
    begun = [one["StackId"] for page in pages for one in page["StackSummaries"] if one["StackName"] == name]
    return f" {_delete_quietly(cloudformation, begun[0], report)}" if begun else ""


def _delete_quietly(cloudformation: Any, stack_id: str, report: Report) -> str:
    try:
        delete_stack(cloudformation, stack_id, report)
    except (EmrPipelinesError, ClientError, BotoCoreError) as error:
        return f"What it had made could not be removed either ({error}); run `infra down`"
    return "What it had made was removed again"


def change_stack(
    cloudformation: Any,
    stack: Stack,
    template: Mapping[str, Any],
    report: Report,
    approve: Callable[[Sequence[Change]], bool],
) -> Stack:
    """The stack after the changes, or the same one if there are none. Raises EmrPipelinesError when they are not approved or fail, which leaves the stack as it was."""
    change_set = cloudformation.create_change_set(
        StackName=stack.name,
        ChangeSetName=f"emr-pipelines-{uuid.uuid4().hex}",
        ChangeSetType="UPDATE",
        TemplateBody=_body(template),
        Capabilities=_CAPABILITIES,
        Tags=[{"Key": "emr-pipelines:stack", "Value": stack.name}],
    )["Id"]
    changes = _wait_for_changes(cloudformation, change_set)
    if changes is None:
        cloudformation.delete_change_set(ChangeSetName=change_set)
        return stack
    if not approve(changes):
        cloudformation.delete_change_set(ChangeSetName=change_set)
        raise EmrPipelinesError(f"Nothing was changed in the stack {stack.name}")
    watch = StackWatch(cloudformation, stack.id, report)
    cloudformation.execute_change_set(ChangeSetName=change_set)
    status = watch.wait()
    if status != "UPDATE_COMPLETE":
        raise EmrPipelinesError(
            f"The stack {stack.name} could not be changed: {watch.describe_failure(status)}. {_describe_rollback(status)}"
        )
    return _existing(cloudformation, stack.id)


def _describe_rollback(status: str) -> str:
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return "It is as it was before"
    return f"It is {status}: continue the rollback in CloudFormation's console"


def _wait_for_changes(cloudformation: Any, change_set: str) -> list[Change] | None:
    """The changes of a change set, None if it has none."""
    described = poll_until(
        lambda: cloudformation.describe_change_set(ChangeSetName=change_set),
        lambda answer: answer["Status"] in ("CREATE_COMPLETE", "FAILED"),
        _INTERVAL,
    )
    if described["Status"] == "FAILED":
        reason = described.get("StatusReason", "")
        if any(text in reason for text in _NO_CHANGES):
            return None
        raise EmrPipelinesError(f"CloudFormation refuses the change: {reason}")
    pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    return [_to_change(each["ResourceChange"]) for page in pages for each in page.get("Changes", [])]


def _to_change(found: Mapping[str, Any]) -> Change:
    return Change(
        action=found["Action"],
        resource=found["LogicalResourceId"],
        kind=found["ResourceType"],
        replaces=found.get("Replacement") == "True",
    )


def delete_stack(cloudformation: Any, stack_id: str, report: Report) -> None:
    """Delete a stack and wait until it has gone. Raises EmrPipelinesError with the first resource that could not be deleted."""
    watch = StackWatch(cloudformation, stack_id, report)
    cloudformation.delete_stack(StackName=stack_id)
    status = watch.wait()
    if status != "DELETE_COMPLETE":
        raise EmrPipelinesError(f"The stack could not be deleted: {watch.describe_failure(status)}")


def _existing(cloudformation: Any, stack_id: str) -> Stack:
    stack = find_stack(cloudformation, stack_id)
    if stack is None:
        raise EmrPipelinesError(f"The stack {stack_id} was deleted by somebody else")
    return stack


def _body(template: Mapping[str, Any]) -> str:
    return json.dumps(template, separators=(",", ":"))

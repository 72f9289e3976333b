"""How an operation of CloudFormation is watched, as AWS answers: event by event, with the first cause and none of its consequences."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.options import DEFAULT_NETWORK, StackOptions
from emr_pipelines.infra.stack import Change, Stack, change_stack, create_stack, find_settled
from emr_pipelines.infra.stack_events import StackEvent
from emr_pipelines.infra.stack_template.template import build_template

NAME = "emr-pipelines-aws"
ID = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{NAME}/1"
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
TEMPLATE = build_template(StackOptions(environment="aws", network=DEFAULT_NETWORK))


@pytest.fixture
def client() -> Any:
    return boto3.client(
        "cloudformation", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def event(number: int, resource: str, status: str, reason: str = "") -> dict[str, Any]:
    """What DescribeStackEvents says of a resource, or of the stack itself."""
    of_stack = resource == NAME
    return {
        "StackId": ID,
        "EventId": str(number),
        "StackName": NAME,
        "LogicalResourceId": resource,
        "PhysicalResourceId": ID if of_stack else f"{resource}-1",
        "ResourceType": "AWS::CloudFormation::Stack" if of_stack else "AWS::S3::Bucket",
        "Timestamp": NOW,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def answer_events(stub: Stubber, *events: dict[str, Any]) -> None:
    """DescribeStackEvents answers newest first."""
    stub.add_response("describe_stack_events", {"StackEvents": list(reversed(events))}, {"StackName": ID})


def answer_stack(stub: Stubber, name: str, status: str) -> None:
    stack = {"StackId": ID, "StackName": NAME, "CreationTime": NOW, "StackStatus": status}
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": name})


def test_a_creation_that_fails_is_removed_by_cloudformation_and_told_by_its_first_cause(
    client: Any, stub: Stubber
) -> None:
    expected = {"StackName": NAME, "OnFailure": "DELETE", "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    expected |= {"TemplateBody": ANY, "ClientRequestToken": ANY, "Tags": ANY}
    stub.add_response("create_stack", {"StackId": ID}, expected)
    answer_events(
        stub,
        event(1, NAME, "CREATE_IN_PROGRESS"),
        event(2, "ServiceRole", "CREATE_FAILED", "Resource creation cancelled"),
        event(3, "Bucket", "CREATE_FAILED", "mine already exists"),
        event(4, NAME, "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Bucket]."),
        event(5, NAME, "DELETE_COMPLETE"),
    )
    told: list[StackEvent] = []
    with pytest.raises(EmrPipelinesError) as caught:
        create_stack(client, NAME, TEMPLATE, told.append)
    assert str(caught.value) == f"The stack {NAME} could not be created: Bucket (AWS::S3::Bucket): mine already exists."
    assert [one.status for one in told][:2] == ["CREATE_IN_PROGRESS", "CREATE_FAILED"]


def test_a_creation_at_the_same_time_by_somebody_else_is_left_alone(client: Any, stub: Stubber) -> None:
    stub.add_client_error("create_stack", "AlreadyExistsException", "Stack exists", 400)
    with pytest.raises(EmrPipelinesError, match="Somebody else creates it at the same time"):
        create_stack(client, NAME, TEMPLATE, lambda _: None)


def test_a_change_that_fails_says_that_the_stack_is_as_before(client: Any, stub: Stubber) -> None:
    change = {"Action": "Modify", "LogicalResourceId": "Vpc", "ResourceType": "AWS::EC2::VPC", "Replacement": "True"}
    described = {"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": change}]}
    before = event(1, NAME, "CREATE_COMPLETE")
    stub.add_response("create_change_set", {"Id": f"{ID}/changes", "StackId": ID})
    stub.add_response("describe_change_set", described)
    stub.add_response("describe_change_set", described)
    answer_events(stub, before)
    stub.add_response("execute_change_set", {})
    answer_events(stub, before, event(2, NAME, "UPDATE_IN_PROGRESS"), event(3, "Vpc", "UPDATE_FAILED", "no more VPCs"))
    ended = event(4, NAME, "UPDATE_ROLLBACK_COMPLETE")
    answer_events(stub, before, event(2, NAME, "UPDATE_IN_PROGRESS"), event(3, "Vpc", "UPDATE_FAILED"), ended)
    shown: list[Change] = []

    def approve(changes: Any) -> bool:
        shown.extend(changes)
        return True

    stack = Stack(id=ID, name=NAME, status="CREATE_COMPLETE", outputs={})
    with pytest.raises(EmrPipelinesError, match=r"Vpc \(AWS::S3::Bucket\): no more VPCs\. It is as it was before"):
        change_stack(client, stack, TEMPLATE, lambda _: None, approve)
    assert [one.replaces for one in shown] == [True]


def test_what_cloudformation_is_still_doing_is_waited_for(client: Any, stub: Stubber) -> None:
    answer_stack(stub, NAME, "CREATE_IN_PROGRESS")
    first = event(1, NAME, "CREATE_IN_PROGRESS")
    answer_events(stub, first)
    answer_events(stub, first, event(2, NAME, "CREATE_COMPLETE"))
    answer_stack(stub, ID, "CREATE_COMPLETE")
    found = find_settled(client, NAME, lambda _: None)
    assert found is not None
    assert found.status == "CREATE_COMPLETE"


def test_the_template_goes_out_as_it_is(client: Any, stub: Stubber) -> None:
    stub.add_response("create_stack", {"StackId": ID})
    bodies: list[str] = []
    client.meta.events.register(
        "before-parameter-build.cloudformation.CreateStack",
        lambda params, **_: bodies.append(params["TemplateBody"]),
    )
    answer_events(stub, event(1, NAME, "CREATE_COMPLETE"))
    answer_stack(stub, ID, "CREATE_COMPLETE")
    create_stack(client, NAME, TEMPLATE, lambda _: None)
    assert json.loads(bodies[0]) == TEMPLATE

"""What `infra show` finds: what other hands have changed, and what costs money."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from emr_pipelines.infra.deployment import Aws, bring_up
from emr_pipelines.infra.health import find_drift, find_faults, list_costs
from emr_pipelines.infra.network import remove_additions_of_emr
from emr_pipelines.infra.stack import Stack, deployed_options
from tests.infra.template_variants import EVERYTHING, EXISTING, OWN

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse")
STACK = Stack(id="arn:stack", name="emr-pipelines-aws", status="CREATE_COMPLETE", outputs={})


def test_faults_are_told_with_what_to_do(aws: Aws, environment: str, file: Path) -> None:
    stack = bring_up(aws, environment, {"network": "new"}, file, lambda _: None, lambda _: True).stack
    options = deployed_options(aws.cloudformation, stack)
    assert find_faults(aws, stack, options, file) == []

    subnet = stack.outputs["Subnets"].split(",")[0]
    aws.ec2.delete_tags(Resources=[subnet], Tags=[{"Key": "for-use-with-amazon-emr-managed-policies"}])
    aws.s3.delete_bucket(Bucket=stack.outputs["Bucket"])
    file.unlink()
    faults = "\n".join(find_faults(aws, stack, options, file))
    aws.s3.create_bucket(Bucket=stack.outputs["Bucket"])
    assert f"The bucket {stack.outputs['Bucket']} cannot be used" in faults
    assert f"{subnet} lacks the tag" in faults
    assert f"There is no {environment}.yaml" in faults


def test_drift_names_property_and_values() -> None:
    client = boto3.client("cloudformation", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    difference = {
        "PropertyPath": "/VersioningConfiguration/Status",
        "ExpectedValue": "Enabled",
        "ActualValue": "Suspended",
        "DifferenceType": "NOT_EQUAL",
    }
    base = {"StackId": "arn:stack", "LogicalResourceId": "Bucket", "ResourceType": "AWS::S3::Bucket", "Timestamp": 0}
    drifts = [
        {**base, "StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": [difference]},
        {**base, "StackResourceDriftStatus": "DELETED"},
    ]
    done = {
        "StackId": "arn:stack",
        "StackDriftDetectionId": "1",
        "DetectionStatus": "DETECTION_COMPLETE",
        "Timestamp": 0,
    }
    with Stubber(client) as stub:
        stub.add_response("detect_stack_drift", {"StackDriftDetectionId": "1"})
        stub.add_response("describe_stack_drift_detection_status", done)
        stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": drifts})
        found = find_drift(client, STACK)
    assert found == [
        "Bucket (AWS::S3::Bucket) was changed by other hands: /VersioningConfiguration/Status is Suspended, not Enabled",
        "Bucket (AWS::S3::Bucket) was deleted by other hands",
    ]


def test_what_costs_by_the_hour_is_told_and_the_rest_is_free() -> None:
    assert [cost.part for cost in list_costs(OWN) if not cost.is_free] == ["bucket", "alarms"]
    assert {"NAT gateway", "KMS key"} <= {cost.part for cost in list_costs(EVERYTHING)}
    assert list_costs(EXISTING)[-1].billing == "nothing"


def test_what_emr_added_to_the_groups_goes_and_our_rules_stay() -> None:
    """moto keeps no descriptions of rules between groups, so AWS's answers are written out."""
    client = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    between = {"GroupId": "sg-1", "IsEgress": False, "ReferencedGroupInfo": {"GroupId": "sg-2"}}
    rules = [
        {**between, "SecurityGroupRuleId": "sgr-ours", "Description": "emr-pipelines: nodes"},
        {**between, "SecurityGroupRuleId": "sgr-of-emr"},
        {"GroupId": "sg-1", "IsEgress": True, "CidrIpv4": "0.0.0.0/0", "SecurityGroupRuleId": "sgr-out"},
    ]
    endpoints = [
        {"VpcEndpointId": "vpce-of-emr", "Groups": [{"GroupId": "sg-1"}]},
        {"VpcEndpointId": "vpce-of-another-stack", "Groups": [{"GroupId": "sg-9"}]},
    ]
    revoked = {"GroupId": "sg-1", "SecurityGroupRuleIds": ["sgr-of-emr"]}
    with Stubber(client) as stub:
        stub.add_response("describe_vpc_endpoints", {"VpcEndpoints": endpoints})
        stub.add_response("delete_vpc_endpoints", {}, {"VpcEndpointIds": ["vpce-of-emr"]})
        stub.add_response("describe_security_group_rules", {"SecurityGroupRules": rules})
        stub.add_response("revoke_security_group_ingress", {}, revoked)
        remove_additions_of_emr(client, ["sg-1", "sg-2"])
        stub.assert_no_pending_responses()

"""What `infra show` tells of a deployed stack: whether it still is what was deployed, and what of it costs money without a cluster. Clients are passed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emr_pipelines.emr.emr_api import describe_error
from emr_pipelines.emr.polling import PollInterval, poll_until
from emr_pipelines.infra.deployment import Aws, used_subnets
from emr_pipelines.infra.environment_file import environment_text, ownership
from emr_pipelines.infra.options import NEW, StackOptions
from emr_pipelines.infra.public_access import find_public_access
from emr_pipelines.infra.stack import Stack
from emr_pipelines.infra.stack_template.bucket_resources import BUCKET
from emr_pipelines.infra.stack_template.network_resources import INTERFACE_SERVICES, PRIVATE_SUBNETS
from emr_pipelines.infra.stack_template.template_terms import MANAGED_TAG

_HEALTHY = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_INTERVAL = PollInterval(minimum=1.0, maximum=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A part of the infrastructure and how it is billed while no cluster runs."""

    part: str
    billing: str
    is_free: bool


def find_faults(aws: Aws, stack: Stack, options: StackOptions, file: Path) -> list[str]:
    """What is not as `up` left it, as sentences."""
    if stack.is_broken:
        return [*_find_stack_faults(stack)]  # it has no outputs to look at
    return [
        *_find_stack_faults(stack),
        *_find_bucket_faults(aws, stack),
        *_find_subnet_faults(aws, stack),
        *find_public_access(aws.emr),
        *_find_file_faults(aws, stack, options, file),
    ]


def _find_stack_faults(stack: Stack) -> Iterator[str]:
    if stack.status not in _HEALTHY:
        yield f"The stack is {stack.status}; run `infra up`"


def _find_bucket_faults(aws: Aws, stack: Stack) -> Iterator[str]:
    try:
        aws.s3.head_bucket(Bucket=stack.outputs[BUCKET])
    except ClientError as error:
        yield f"The bucket {stack.outputs[BUCKET]} cannot be used: {describe_error(error)}"


def _find_subnet_faults(aws: Aws, stack: Stack) -> Iterator[str]:
    wanted = used_subnets(stack)
    try:
        found = aws.ec2.describe_subnets(SubnetIds=wanted)["Subnets"]
    except ClientError as error:
        yield f"The subnets {', '.join(wanted)} cannot be used: {describe_error(error)}"
        return
    for subnet in found:
        if {"Key": MANAGED_TAG, "Value": "true"} not in subnet.get("Tags", []):
            yield f"{subnet['SubnetId']} lacks the tag {MANAGED_TAG}=true, without which EMR may not start clusters there; run `infra up`"


def _find_file_faults(aws: Aws, stack: Stack, options: StackOptions, file: Path) -> Iterator[str]:
    owner = ownership(file)
    if owner == "untouched" and file.read_text(encoding="utf-8") != environment_text(options, stack.outputs, aws.place):
        yield f"{file.name} does not say what the stack has; run `infra up`"
    if owner == "absent":
        yield f"There is no {file.name} in config/environments; run `infra up`"


def find_drift(cloudformation: Any, stack: Stack) -> list[str]:
    """What CloudFormation finds changed by other hands, as sentences; takes a minute or so."""
    detection = cloudformation.detect_stack_drift(StackName=stack.id)["StackDriftDetectionId"]
    poll_until(
        lambda: cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection),
        lambda answer: answer["DetectionStatus"] != "DETECTION_IN_PROGRESS",
        _INTERVAL,
    )
    drifts: list[str] = []
    request: dict[str, Any] = {"StackName": stack.id, "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
    while True:
        answer = cloudformation.describe_stack_resource_drifts(**request)
        drifts += [_describe_drift(drift) for drift in answer["StackResourceDrifts"]]
        if not answer.get("NextToken"):
            return drifts
        request["NextToken"] = answer["NextToken"]


def _describe_drift(drift: dict[str, Any]) -> str:
    what = f"{drift['LogicalResourceId']} ({drift['ResourceType']})"
    if drift["StackResourceDriftStatus"] == "DELETED":
        return f"{what} was deleted by other hands"
    changed = ", ".join(
        f"{one['PropertyPath']} is {one.get('ActualValue')}, not {one.get('ExpectedValue')}"
        for one in drift.get("PropertyDifferences", [])
    )
    return f"{what} was changed by other hands: {changed}"


def list_costs(options: StackOptions) -> list[Cost]:
    """Every part that costs something, and that the rest costs nothing. No prices: they differ by region and change."""
    endpoints = len(INTERFACE_SERVICES) * len(PRIVATE_SUBNETS)
    has_endpoints = bool(options.network and options.ssm and not options.nat)
    parts = [
        ("bucket", "for what it holds and for requests; see `keep_runs_days` and `keep_logs_days`", True),
        ("alarms", "by the month, for each cluster that a query looks at", True),
        ("NAT gateway", "by the hour and by the GB, with or without a cluster", options.nat),
        ("interface endpoints for Systems Manager", f"by the hour, {endpoints} of them", has_endpoints),
        ("KMS key", "by the month and for requests", options.kms_key == NEW),
    ]
    paid = [Cost(part=part, billing=billing, is_free=False) for part, billing, is_there in parts if is_there]
    rest = "roles, security groups, security configuration" + (", VPC, S3 endpoint" if options.network else "")
    return [*paid, Cost(part=rest, billing="nothing", is_free=True)]

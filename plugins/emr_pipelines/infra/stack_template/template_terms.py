"""The words of a CloudFormation template: references, substitutions, tags, reasons for a check that does not apply. Pure."""

from __future__ import annotations

from typing import Any

# What a section of the template is made of: logical ids and their resources.
Resources = dict[str, dict[str, Any]]

# AmazonEMRServicePolicy_v2 only touches what carries this tag.
MANAGED_TAG = "for-use-with-amazon-emr-managed-policies"


def ref(logical_id: str) -> dict[str, str]:
    """The id or name of a resource."""
    return {"Ref": logical_id}


def attribute(logical_id: str, name: str) -> dict[str, list[str]]:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [logical_id, name]}


def sub(text: str) -> dict[str, str]:
    """A text in which `${…}` is filled in."""
    return {"Fn::Sub": text}


def s3_arn(place: str) -> dict[str, str]:
    """The ARN of a bucket, or of keys in it, in the partition of the stack."""
    return sub(f"arn:${{AWS::Partition}}:s3:::{place}")


def tags(name: str, *, managed: bool = False) -> list[dict[str, Any]]:
    """A Name tag and, for what EMR's managed policy has to touch, that policy's tag."""
    own = [{"Key": "Name", "Value": sub(f"${{AWS::StackName}}-{name}")}]
    return [*own, {"Key": MANAGED_TAG, "Value": "true"}] if managed else own


def skipped_checks(**reasons: str) -> dict[str, Any]:
    """A resource's Metadata that tells checkov which of its checks do not apply, and why."""
    return {"checkov": {"skip": [{"id": check, "comment": reason} for check, reason in reasons.items()]}}


def allow(sid: str, actions: list[str], resource: Any, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    """A statement of an IAM policy."""
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
    return statement if condition is None else {**statement, "Condition": condition}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}

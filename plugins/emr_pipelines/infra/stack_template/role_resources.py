"""The role of the EMR service and the instance profile of the nodes, each with no more rights than runs need. Pure."""

from __future__ import annotations

from typing import Any

from emr_pipelines.infra.options import StackOptions
from emr_pipelines.infra.stack_template.bucket_resources import key_arn
from emr_pipelines.infra.stack_template.template_terms import (
    Resources,
    allow,
    attribute,
    policy,
    ref,
    s3_arn,
    sub,
    tags,
)

SERVICE_ROLE = "ServiceRole"
INSTANCE_ROLE = "InstanceRole"
INSTANCE_PROFILE = "InstanceProfile"
_MANAGED = "arn:${AWS::Partition}:iam::aws:policy/"


def role_resources(options: StackOptions) -> Resources:
    """Both roles and the instance profile."""
    profile = {
        "Type": "AWS::IAM::InstanceProfile",
        # EMR refuses an instance profile that is not named as its role (AWS: emr-iam-roles-custom).
        "Properties": {"InstanceProfileName": ref(INSTANCE_ROLE), "Roles": [ref(INSTANCE_ROLE)]},
    }
    return {
        SERVICE_ROLE: _service_role(options),
        INSTANCE_ROLE: _instance_role(options),
        INSTANCE_PROFILE: profile,
    }


def _service_role(options: StackOptions) -> dict[str, Any]:
    only_this_account = {
        "StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")},
        "ArnLike": {"aws:SourceArn": sub("arn:${AWS::Partition}:elasticmapreduce:${AWS::Region}:${AWS::AccountId}:*")},
    }
    trust = _trust("elasticmapreduce.amazonaws.com") | {"Condition": only_this_account}
    # The managed policy passes on EMR_EC2_DefaultRole only.
    pass_role = allow(
        "PassInstanceRole",
        ["iam:PassRole"],
        attribute(INSTANCE_ROLE, "Arn"),
        {"StringLike": {"iam:PassedToService": "ec2.amazonaws.com*"}},
    )
    statements = [pass_role, *_disk_encryption(options)]
    return _role(
        "What EMR may do for the clusters of ${AWS::StackName}",
        trust,
        [sub(f"{_MANAGED}service-role/AmazonEMRServicePolicy_v2")],
        statements,
        "service-role",
    )


def _disk_encryption(options: StackOptions) -> list[dict[str, Any]]:
    key = key_arn(options)
    if key is None:
        return []
    grant = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        *_use_key(key, "kms:GenerateDataKeyWithoutPlaintext"),
        allow("GrantKeyToDisks", ["kms:CreateGrant"], key, grant),
    ]


def _use_key(key: Any, *more: str) -> list[dict[str, Any]]:
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey"]
    return [allow("UseKey", [*actions, "kms:DescribeKey", *more], key)]


def _instance_role(options: StackOptions) -> dict[str, Any]:
    key = key_arn(options)
    statements = [
        *_own_bucket(),
        *_data_places(options),
        # script-runner.jar and other parts of EMR that steps name by their address.
        allow("ReadPartsOfEmr", ["s3:GetObject"], s3_arn("*.elasticmapreduce/*")),
        *(_use_key(key) if key is not None else []),
    ]
    managed = [sub(f"{_MANAGED}AmazonSSMManagedInstanceCore")] if options.ssm else []
    description = "What the nodes and steps of ${AWS::StackName} may do"
    return _role(description, _trust("ec2.amazonaws.com"), managed, statements, "instance-role")


def _own_bucket() -> list[dict[str, Any]]:
    objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    bucket = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
    return [
        allow("ListOwnBucket", bucket, s3_arn("${Bucket}")),
        allow("UseOwnBucket", [*objects, "s3:ListMultipartUploadParts"], s3_arn("${Bucket}/*")),
    ]


def _data_places(options: StackOptions) -> list[dict[str, Any]]:
    places = [place.removeprefix("s3://") for place in options.data]
    files = [f"{place}/*" for place in places]
    files += [options.certificates.removeprefix("s3://")] if options.certificates else []
    buckets = sorted({place.split("/", 1)[0] for place in places})
    located = [allow("FindData", ["s3:GetBucketLocation"], [s3_arn(bucket) for bucket in buckets])] if buckets else []
    listed = [_list_data(number, place) for number, place in enumerate(places, start=1)]
    read = [allow("ReadData", ["s3:GetObject"], [s3_arn(file) for file in files])] if files else []
    return [*located, *listed, *read]


def _list_data(number: int, place: str) -> dict[str, Any]:
    bucket, _, prefix = place.partition("/")
    # Hadoop looks a folder up both with and without the slash.
    condition = {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}} if prefix else None
    return allow(f"ListData{number}", ["s3:ListBucket"], s3_arn(bucket), condition)


def _trust(service: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}


def _role(
    description: str, trust: dict[str, Any], managed: list[Any], statements: list[dict[str, Any]], name: str
) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": sub(description),
            "AssumeRolePolicyDocument": policy(trust),
            "ManagedPolicyArns": managed,
            "Policies": [{"PolicyName": name, "PolicyDocument": policy(*statements)}],
            "Tags": tags(name),
        },
    }

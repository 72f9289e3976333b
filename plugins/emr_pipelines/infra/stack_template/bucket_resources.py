"""The bucket for code, runs, outputs and logs, its policy, and the KMS key if one is to be made. Pure."""

from __future__ import annotations

from typing import Any

from emr_pipelines.infra.options import NEW, StackOptions
from emr_pipelines.infra.stack_template.template_terms import (
    Resources,
    allow,
    attribute,
    policy,
    ref,
    s3_arn,
    skipped_checks,
    sub,
    tags,
)
from emr_pipelines.pipeline_spec.notation.s3_places import LEGACY_RUNS, RUNS

BUCKET = "Bucket"
_KEY = "EncryptionKey"
_UNFINISHED_DAYS = 7
_OLD_VERSIONS_DAYS = 30
_KEY_WAIT_DAYS = 7  # the shortest that KMS allows; the data are gone with the bucket anyway


def bucket_resources(options: StackOptions) -> Resources:
    """The bucket with everything that belongs to it."""
    resources: Resources = {BUCKET: _bucket(options), "BucketPolicy": _bucket_policy()}
    return resources | ({_KEY: _encryption_key()} if options.kms_key == NEW else {})


def bucket_name(options: StackOptions) -> Any:
    """The name that was chosen, or one that is unique by the account and the region."""
    return options.bucket or sub(f"{options.stack}-${{AWS::AccountId}}-${{AWS::Region}}")


def key_arn(options: StackOptions) -> Any:
    """The ARN of the key that encrypts, None without one."""
    return attribute(_KEY, "Arn") if options.kms_key == NEW else options.kms_key


def _bucket(options: StackOptions) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Retain",
        "Metadata": skipped_checks(
            CKV_AWS_18="access logs need a second bucket; CloudTrail data events record the same where they are wanted",
        ),
        "Properties": {
            "BucketName": bucket_name(options),
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [_encryption(options)]},
            "VersioningConfiguration": {"Status": "Enabled"},
            "LifecycleConfiguration": {"Rules": _lifecycle(options)},
            "Tags": tags("bucket"),
        },
    }


def _encryption(options: StackOptions) -> dict[str, Any]:
    key = key_arn(options)
    if key is None:
        return {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    return {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        "BucketKeyEnabled": True,
    }


def _lifecycle(options: StackOptions) -> list[dict[str, Any]]:
    expiring = {
        "Attempts": (f"{RUNS}/", options.keep_runs_days),
        "LegacyAttempts": (f"{LEGACY_RUNS}/", options.keep_runs_days),
        "Logs": ("logs/", options.keep_logs_days),
    }
    rules: list[dict[str, Any]] = [
        {"Id": name, "Status": "Enabled", "Prefix": prefix, "ExpirationInDays": days}
        for name, (prefix, days) in expiring.items()
    ]
    unfinished = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UNFINISHED_DAYS}}
    versions = {
        "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_VERSIONS_DAYS},
        "ExpiredObjectDeleteMarker": True,
    }
    return [
        *rules,
        {"Id": "UnfinishedUploads", "Status": "Enabled", **unfinished},
        {"Id": "OldVersions", "Status": "Enabled", **versions},
    ]


def _bucket_policy() -> dict[str, Any]:
    only_tls = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [s3_arn("${Bucket}"), s3_arn("${Bucket}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": ref(BUCKET), "PolicyDocument": policy(only_tls)}}


def _encryption_key() -> dict[str, Any]:
    account = allow("AccountDecidesByIam", ["kms:*"], "*")
    account["Principal"] = {"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}
    return {
        "Type": "AWS::KMS::Key",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "Description": sub("Bucket and cluster disks of ${AWS::StackName}"),
            "EnableKeyRotation": True,
            "PendingWindowInDays": _KEY_WAIT_DAYS,
            "KeyPolicy": policy(account),
        },
    }

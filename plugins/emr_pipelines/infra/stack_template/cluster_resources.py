"""What clusters name when they are created: a security configuration and, if chosen, a key pair. Pure."""

from __future__ import annotations

from typing import Any

from emr_pipelines.infra.options import NEW, StackOptions
from emr_pipelines.infra.stack_template.bucket_resources import key_arn
from emr_pipelines.infra.stack_template.template_terms import Resources, ref, tags

SECURITY_CONFIGURATION = "SecurityConfiguration"
KEY_PAIR = "KeyPair"


def cluster_resources(options: StackOptions) -> Resources:
    """The security configuration, without a name of its own: a change makes another one, which would collide."""
    resources: Resources = {
        SECURITY_CONFIGURATION: {
            "Type": "AWS::EMR::SecurityConfiguration",
            "Properties": {"SecurityConfiguration": _security(options)},
        }
    }
    if options.key_pair == NEW:
        properties = {"KeyName": options.stack, "KeyType": "ed25519", "Tags": tags("key-pair")}
        resources[KEY_PAIR] = {"Type": "AWS::EC2::KeyPair", "Properties": properties}
    return resources


def key_pair_name(options: StackOptions) -> Any:
    """The key pair for clusters, None without one."""
    return ref(KEY_PAIR) if options.key_pair == NEW else options.key_pair


def _security(options: StackOptions) -> dict[str, Any]:
    encryption: dict[str, Any] = {
        "EnableAtRestEncryption": True,
        "AtRestEncryptionConfiguration": _at_rest(options),
        "EnableInTransitEncryption": options.certificates is not None,
    }
    if options.certificates is not None:
        pem = {"CertificateProviderType": "PEM", "S3Object": options.certificates}
        encryption["InTransitEncryptionConfiguration"] = {"TLSCertificateConfiguration": pem}
    return {
        "EncryptionConfiguration": encryption,
        # IMDSv2 only, and no further than the node itself: a container of a job cannot ask for the role's credentials.
        "InstanceMetadataServiceConfiguration": {
            "MinimumInstanceMetadataServiceVersion": 2,
            "HttpPutResponseHopLimit": 1,
        },
    }


def _at_rest(options: StackOptions) -> dict[str, Any]:
    """Without a key of KMS EMR encrypts what it writes to S3, but offers nothing for local disks."""
    key = key_arn(options)
    if key is None:
        return {"S3EncryptionConfiguration": {"EncryptionMode": "SSE-S3"}}
    disks = {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": key, "EnableEbsEncryption": True}
    return {
        "S3EncryptionConfiguration": {"EncryptionMode": "SSE-KMS", "AwsKmsKey": key},
        "LocalDiskEncryptionConfiguration": disks,
    }

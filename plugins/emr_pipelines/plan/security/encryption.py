"""Rules about the EMR security configuration: encryption at rest and in transit, and the instance metadata service. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.findings import Equivalents, PlanViolation, SecurityRule
from emr_pipelines.plan.security.request_texts import place_of_value, text_at

_WHERE = "cluster.security_configuration"


def look_for_configuration(plan: Plan) -> Iterator[PlanViolation]:
    """A new cluster has a security configuration at all."""
    if plan.cluster.request is not None and not text_at(plan.cluster.request, "SecurityConfiguration"):
        yield PlanViolation(
            message="The cluster has no security configuration: nothing is encrypted on its disks or between its nodes, and version 1 of the instance "
            "metadata service gives the role's credentials to whatever can make a node send a request.",
            fix=f"Write {_WHERE} with at_rest, in_transit and imds_v2, in the environment's cluster for all pipelines.",
            place=plan.cluster.place,
        )


def look_for_unseen_configuration(plan: Plan) -> Iterator[PlanViolation]:
    """What a security configuration holds that is only named cannot be seen without AWS."""
    name = text_at(plan.cluster.request, "SecurityConfiguration")
    if name and inline_configuration(plan) is None:
        yield PlanViolation(
            message=f"The security configuration {name!r} is only named here, so that its content was not looked at.",
            fix=f"Look at it with `aws emr describe-security-configuration --name {name}`, or write its content under {_WHERE}.",
            place=place_of_value(plan, name),
        )


def look_at_s3(plan: Plan) -> Iterator[PlanViolation]:
    """Objects that the cluster writes to S3 are encrypted as the spec says."""
    configuration = inline_configuration(plan)
    if configuration is not None and not _at_rest(configuration).get("S3EncryptionConfiguration"):
        yield PlanViolation(
            message="The security configuration says nothing of encryption on S3, so that what the cluster writes has whatever encryption the bucket "
            "has by default.",
            fix=f"Add s3: SSE-KMS with kms_key, or s3: SSE-S3, under {_WHERE}.at_rest.",
            place=_place(plan),
        )


def look_at_local_disks(plan: Plan) -> Iterator[PlanViolation]:
    """Local disks, which hold HDFS and shuffles, are encrypted."""
    configuration = inline_configuration(plan)
    if configuration is not None and not _at_rest(configuration).get("LocalDiskEncryptionConfiguration"):
        yield PlanViolation(
            message="The security configuration does not encrypt the nodes' local disks, on which HDFS, shuffles and logs lie.",
            fix=f"Add local_disk_kms_key under {_WHERE}.at_rest.",
            place=_place(plan),
        )


def look_at_ebs(plan: Plan) -> Iterator[PlanViolation]:
    """EBS volumes, the root volume among them, are encrypted."""
    configuration = inline_configuration(plan)
    if configuration is None:
        return
    disks = _at_rest(configuration).get("LocalDiskEncryptionConfiguration", {})
    if not disks.get("EnableEbsEncryption"):
        yield PlanViolation(
            message="The security configuration does not encrypt EBS volumes, so that the nodes' root volumes are not encrypted.",
            fix=f"Add ebs: true beside local_disk_kms_key under {_WHERE}.at_rest; EMR's service role must be allowed to use the key.",
            place=_place(plan),
        )


def look_at_transit(plan: Plan) -> Iterator[PlanViolation]:
    """What goes from node to node is encrypted."""
    configuration = inline_configuration(plan)
    if configuration is not None and not _encryption(configuration).get("EnableInTransitEncryption"):
        yield PlanViolation(
            message="The security configuration does not encrypt what goes from node to node: shuffles and HDFS blocks cross the network as they are.",
            fix=f"Put a zip with privateKey.pem and certificateChain.pem on S3, and write its address as in_transit: {{certificates: s3://…}} under {_WHERE}.",
            place=_place(plan),
        )


def look_at_metadata_service(plan: Plan) -> Iterator[PlanViolation]:
    """Nodes answer requests for the role's credentials only in version 2 of the metadata service."""
    configuration = inline_configuration(plan)
    if configuration is None:
        return
    service = configuration.get("InstanceMetadataServiceConfiguration", {})
    if service.get("MinimumInstanceMetadataServiceVersion") != 2:
        yield PlanViolation(
            message="The security configuration lets nodes answer version 1 of the instance metadata service, which gives the role's credentials to "
            "whatever can make a node send a request.",
            fix=f"Add imds_v2: true under {_WHERE}.",
            place=_place(plan),
        )


def inline_configuration(plan: Plan) -> Mapping[str, Any] | None:
    """The security configuration in EMR's words where the spec writes it; None for one that is only named, or for none."""
    inline = plan.cluster.security_configuration
    return None if inline is None else inline.configuration


def _encryption(configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = configuration.get("EncryptionConfiguration", {})
    return found


def _at_rest(configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is encrypted at rest; nothing where it is not switched on."""
    encryption = _encryption(configuration)
    if not encryption.get("EnableAtRestEncryption"):
        return {}
    found: Mapping[str, Any] = encryption.get("AtRestEncryptionConfiguration", {})
    return found


def _place(plan: Plan) -> str:
    """Where the configuration was written: at the first of its values that somebody wrote."""
    places = (place_of_value(plan, text) for _, text in texts_in(inline_configuration(plan)))
    return next((place for place in places if place != plan.cluster.place), plan.cluster.place)


RULES = (
    SecurityRule(
        id="security-configuration-missing",
        severity="warning",
        title="no security configuration",
        look=look_for_configuration,
        equivalents=Equivalents(checkov="CKV2_AWS_55", cfn_nag="W60"),
    ),
    SecurityRule(
        id="security-configuration-unseen",
        severity="note",
        title="a security configuration that is only named",
        look=look_for_unseen_configuration,
    ),
    SecurityRule(
        id="at-rest-s3",
        severity="warning",
        title="no encryption of objects on S3",
        look=look_at_s3,
        equivalents=Equivalents(checkov="CKV_AWS_171", cfn_nag="W61", security_hub="EMR.3"),
    ),
    SecurityRule(
        id="at-rest-local-disk",
        severity="warning",
        title="no encryption of local disks",
        look=look_at_local_disks,
        equivalents=Equivalents(
            checkov="CKV_AWS_349", cdk_nag="AwsSolutions-EMR4", cfn_nag="W61", security_hub="EMR.3"
        ),
    ),
    SecurityRule(
        id="at-rest-ebs",
        severity="warning",
        title="no encryption of EBS volumes, the root volume among them",
        look=look_at_ebs,
        equivalents=Equivalents(checkov="CKV_AWS_350", security_hub="EMR.3"),
    ),
    SecurityRule(
        id="in-transit",
        severity="warning",
        title="no encryption between nodes",
        look=look_at_transit,
        equivalents=Equivalents(
            checkov="CKV_AWS_351", cdk_nag="AwsSolutions-EMR5", cfn_nag="W61", security_hub="EMR.4"
        ),
    ),
    SecurityRule(
        id="imds-v2",
        severity="warning",
        title="version 1 of the instance metadata service is answered",
        look=look_at_metadata_service,
    ),
)

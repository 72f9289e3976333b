"""Rules about `cluster.overrides`, the raw RunJobFlow keys: real names only, and nothing that a run relies on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emr_pipelines.spec.context import Context, Finding
from emr_pipelines.spec.notation.spelling import suggest
from emr_pipelines.spec.reading.document import Path

RUN_JOB_FLOW_KEYS = (
    "AdditionalInfo", "AmiVersion", "Applications", "AutoScalingRole", "AutoTerminationPolicy", "BootstrapActions", "Configurations", "CustomAmiId",
    "EbsRootVolumeIops", "EbsRootVolumeSize", "EbsRootVolumeThroughput", "ExtendedSupport", "Instances", "JobFlowRole", "KerberosAttributes",
    "LogEncryptionKmsKeyId", "LogUri", "ManagedScalingPolicy", "MonitoringConfiguration", "Name", "NewSupportedProducts", "OSReleaseLabel",
    "PlacementGroupConfigs", "ReleaseLabel", "RepoUpgradeOnBoot", "ScaleDownBehavior", "SecurityConfiguration", "ServiceRole", "SessionEnabled",
    "StepConcurrencyLevel", "StepExecutionRoleArn", "Steps", "SupportedProducts", "Tags", "VisibleToAllUsers",
)  # fmt: skip
INSTANCES_KEYS = (
    "AdditionalMasterSecurityGroups", "AdditionalSlaveSecurityGroups", "Ec2KeyName", "Ec2SubnetId", "Ec2SubnetIds", "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup", "HadoopVersion", "InstanceCount", "InstanceFleets", "InstanceGroups", "KeepJobFlowAliveWhenNoSteps", "MasterInstanceType",
    "Placement", "ServiceAccessSecurityGroup", "SlaveInstanceType", "TerminationProtected", "UnhealthyNodeReplacement",
)  # fmt: skip
_PATH: Path = ("cluster", "overrides")
_RESERVED = {
    "Name": ("a run finds its cluster by its name", "Remove it."),
    "Steps": ("steps are submitted one by one by the run", "Write them under steps."),
    "Tags": ("they would replace the tags by which a run finds its cluster", "Write them under cluster.tags."),
}
_WHOLE_NUMBERS = ("EbsRootVolumeIops", "EbsRootVolumeSize", "EbsRootVolumeThroughput", "StepConcurrencyLevel")
_FIXED_INSTANCES = {"KeepJobFlowAliveWhenNoSteps": True, "TerminationProtected": False}


def check_keys(context: Context) -> Iterator[Finding]:
    """Overrides name real keys of RunJobFlow, and numbers are numbers."""
    overrides = context.spec.cluster.overrides or {}
    yield from _find_unknown(overrides, RUN_JOB_FLOW_KEYS, _PATH, "RunJobFlow")
    for key in _WHOLE_NUMBERS:
        if type(overrides.get(key, 1)) is not int:
            message = f"{key} must be a whole number, not {overrides[key]!r}"
            yield Finding(path=(*_PATH, key), message=message, fix="Write a number without quotes.")
    instances = overrides.get("Instances")
    if isinstance(instances, dict):
        yield from _find_unknown(instances, INSTANCES_KEYS, (*_PATH, "Instances"), "RunJobFlow's Instances")


def check_reserved(context: Context) -> Iterator[Finding]:
    """Overrides leave alone what a run relies on."""
    overrides = context.spec.cluster.overrides or {}
    for key, (reason, fix) in _RESERVED.items():
        if key in overrides:
            yield Finding(path=(*_PATH, key), message=f"{key} cannot be overridden: {reason}", fix=fix, at_key=True)
    instances = overrides.get("Instances", {})
    if not isinstance(instances, dict):
        message = "Instances is laid over the cluster's own, so it must be a map"
        yield Finding(path=(*_PATH, "Instances"), message=message, fix="Write a map of keys of RunJobFlow's Instances.")
        return
    for key, value in _FIXED_INSTANCES.items():
        if instances.get(key, value) is not value:
            message = f"{key} cannot be overridden: the run itself ends its cluster"
            yield Finding(path=(*_PATH, "Instances", key), message=message, fix="Remove it.", at_key=True)


def check_idle_timeout_kept(context: Context) -> Iterator[Finding]:
    """Overrides cannot take the idle timeout away."""
    overrides = context.spec.cluster.overrides or {}
    if "AutoTerminationPolicy" in overrides:
        message = "AutoTerminationPolicy cannot be overridden: without it a forgotten cluster runs on"
        yield Finding(
            path=(*_PATH, "AutoTerminationPolicy"), message=message, fix="Write cluster.idle_timeout.", at_key=True
        )


def _find_unknown(values: Mapping[str, Any], known: tuple[str, ...], path: Path, owner: str) -> Iterator[Finding]:
    for key in values:
        if key not in known:
            yield Finding(
                path=(*path, key), message=f"{owner} has no key {key!r}", fix=suggest(key, known, "keys"), at_key=True
            )

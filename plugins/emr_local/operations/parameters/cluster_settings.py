"""Checks of what a cluster as a whole is asked to have: AMI, root volume, log key, placement, monitoring. Pure; AWS documents the limits, the texts are ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from emr_local.operations.parameters.instance_checks import list_custom_amis
from emr_local.resources.classifications import list_invalid
from emr_local.resources.records import Json
from emr_local.resources.releases import find_architecture, parse_version
from emr_local.wire.api_errors import validation_failure

_FIRST_WITH_CUSTOM_AMI = (5, 7)
_FIRST_WITH_LOG_KEY = (5, 30)
_FIRST_WITH_LARGE_ROOT = (6, 10)
_FIRST_WITH_ROOT_SPEED = (6, 15)
_LARGEST_ROOT = 100
_ROOT_IOPS = range(3000, 16_000 + 1)
_ROOT_THROUGHPUTS = range(125, 1000 + 1)
_IOPS_PER_GIB = 500
_THROUGHPUT_PER_IOPS = 0.25
_PLACEMENT_STRATEGIES = ("SPREAD", "NONE")
_LOG_TYPES = ("STEP_LOGS", "SPARK_DRIVER", "SPARK_EXECUTOR")
_LOG_FILES = ("STDOUT", "STDERR")
_S3_LOG_TYPES = ("system-logs", "application-logs", "persistent-ui-logs")


def check_settings(request: Json, release_label: str) -> None:
    """Raise a ValidationException for a cluster that cannot be had."""
    version = parse_version(release_label)
    _check_custom_ami(request, version)
    _check_root_volume(request, version)
    _check_logs(request, version)
    _check_classifications(request, release_label)
    for group in request.get("PlacementGroupConfigs", ()):
        if group["InstanceRole"] != "MASTER":
            raise validation_failure("Placement groups are supported for the instance role MASTER only.")
        if group.get("PlacementStrategy", "SPREAD") not in _PLACEMENT_STRATEGIES:
            raise validation_failure("The only supported placement strategy for the instance role MASTER is SPREAD.")


def _check_classifications(request: Json, release_label: str) -> None:
    for owner in (request, *_list_instance_configs(request["Instances"])):
        for invalid in list_invalid(owner.get("Configurations", ()), release_label):
            raise validation_failure(invalid)


def _check_custom_ami(request: Json, version: tuple[int, ...]) -> None:
    instances = list(_list_instance_configs(request["Instances"]))
    ami, others = request.get("CustomAmiId"), list_custom_amis(instances)
    if (ami or others) and version < _FIRST_WITH_CUSTOM_AMI:
        raise validation_failure("A custom AMI needs emr-5.7.0 or newer.")
    if ami and others:
        raise validation_failure(
            "Specify a custom AMI either for the cluster or for its instance groups or instance types, not both."
        )
    _check_architectures((each.get("CustomAmiId", ami), each["InstanceType"]) for each in instances)
    if request.get("RepoUpgradeOnBoot") and not (ami or others):
        raise validation_failure("RepoUpgradeOnBoot applies only when a custom AMI is used.")


def _check_architectures(served: Iterable[tuple[str | None, str]]) -> None:
    first: dict[str, str] = {}
    for ami, instance_type in served:
        architecture = find_architecture(instance_type)
        if ami and first.setdefault(ami, architecture) != architecture:
            raise validation_failure(
                f"The custom AMI {ami} cannot serve instance types of two processor architectures."
            )


def _list_instance_configs(instances: Json) -> Iterator[Json]:
    yield from instances.get("InstanceGroups", ())
    for fleet in instances.get("InstanceFleets", ()):
        yield from fleet.get("InstanceTypeConfigs", ())
    for key in ("MasterInstanceType", "SlaveInstanceType"):
        if key in instances:
            yield {"InstanceType": instances[key]}


def _check_root_volume(request: Json, version: tuple[int, ...]) -> None:
    least = 15 if version >= _FIRST_WITH_LARGE_ROOT else 10
    size = request.get("EbsRootVolumeSize", least)
    iops, throughput = request.get("EbsRootVolumeIops"), request.get("EbsRootVolumeThroughput")
    if not least <= size <= _LARGEST_ROOT:
        raise validation_failure(f"EbsRootVolumeSize is {size} GiB; it must be from {least} to {_LARGEST_ROOT}.")
    if (iops or throughput) and version < _FIRST_WITH_ROOT_SPEED:
        raise validation_failure("EbsRootVolumeIops and EbsRootVolumeThroughput need emr-6.15.0 or newer.")
    for key, value, allowed in (
        ("EbsRootVolumeIops", iops, _ROOT_IOPS),
        ("EbsRootVolumeThroughput", throughput, _ROOT_THROUGHPUTS),
    ):
        if value is not None and value not in allowed:
            raise validation_failure(f"{key} is {value}; it must be from {allowed[0]} to {allowed[-1]}.")
    if iops and iops > size * _IOPS_PER_GIB:
        raise validation_failure(
            f"EbsRootVolumeIops is {iops}; a volume of {size} GiB has at most {size * _IOPS_PER_GIB}."
        )
    if throughput and throughput > (iops or _ROOT_IOPS[0]) * _THROUGHPUT_PER_IOPS:
        raise validation_failure(
            f"EbsRootVolumeThroughput is {throughput}; it is at most a quarter of EbsRootVolumeIops, {iops or _ROOT_IOPS[0]}."
        )


def _check_logs(request: Json, version: tuple[int, ...]) -> None:
    if request.get("LogEncryptionKmsKeyId"):
        if version < _FIRST_WITH_LOG_KEY or version == (6, 0, 0):
            raise validation_failure("LogEncryptionKmsKeyId needs emr-5.30.0 or newer, and not emr-6.0.0.")
        if not request.get("LogUri"):
            raise validation_failure("LogEncryptionKmsKeyId needs a LogUri.")
    monitoring = request.get("MonitoringConfiguration", {})
    for kind, logs in monitoring.get("CloudWatchLogConfiguration", {}).get("LogTypes", {}).items():
        if kind not in _LOG_TYPES or not set(logs) <= set(_LOG_FILES):
            raise validation_failure(
                f"Log type {kind}: {', '.join(logs)} is not valid. Log types: {', '.join(_LOG_TYPES)}; files: {', '.join(_LOG_FILES)}."
            )
    for kind in monitoring.get("S3LoggingConfiguration", {}).get("LogTypeUploadPolicy", {}):
        if kind not in _S3_LOG_TYPES:
            raise validation_failure(f"Log type {kind} is not valid. Log types: {', '.join(_S3_LOG_TYPES)}.")

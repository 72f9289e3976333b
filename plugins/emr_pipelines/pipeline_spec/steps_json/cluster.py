"""The cluster of a spec from the older system's cluster JSON. Pure."""

from __future__ import annotations

import re
from typing import Any

from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.steps_json.findings import LegacyFile
from emr_pipelines.pipeline_spec.steps_json.models import (
    LegacyCluster,
    LegacyConfiguration,
    LegacyFleet,
    LegacyInstance,
    LegacySpot,
)

# The tool had emr-6.2.0 (Spark 3.0.1) in its code.
OLD_RELEASE = "emr-6.2.0"
RELEASE = "emr-7.13.0"
IDLE_TIMEOUT = "15m"
_PARTS = {"MASTER": "primary", "CORE": "core", "TASK": "task"}
_FALLBACKS = {"TERMINATE_CLUSTER": "terminate", "SWITCH_TO_ON_DEMAND": "on_demand"}
_ON_DEMAND = {"AllocationStrategy": "lowest-price"}
_PACKAGES = "spark.jars.packages"
# m6g, c7gn, x2gd, im4gn, a1: a g after the generation says Graviton.
_ARM = re.compile(r"a1|[a-z]+[0-9]+[a-z]*g[a-z]*")


def cluster_without_file() -> dict[str, Any]:
    """A small cluster for steps that come without one."""
    return {
        "release": RELEASE,
        "applications": ["Hadoop", "Spark"],
        "primary": {"instances": ["m5.xlarge"]},
        "core": {"instances": ["m5.2xlarge"], "on_demand": 1},
        "idle_timeout": IDLE_TIMEOUT,
    }


def import_cluster(file: LegacyFile[LegacyCluster]) -> dict[str, Any]:
    """The spec's cluster; what is not carried over is noted in `file`."""
    legacy = file.model
    cluster: dict[str, Any] = {"release": RELEASE, "applications": ["Hadoop", "Spark"]}
    for index, fleet in enumerate(legacy.fleets):
        _add_fleet(cluster, file, index, fleet)
    if "primary" not in cluster:
        file.refuse(("InstanceFleets",), "no fleet of type MASTER", "Add one with a capacity of 1.")
    cluster["idle_timeout"] = IDLE_TIMEOUT
    configurations = _merge(legacy.configurations)
    if configurations:
        cluster["configurations"] = [_configuration(one) for one in configurations]
    _note_cluster(file)
    return cluster


def _add_fleet(cluster: dict[str, Any], file: LegacyFile[LegacyCluster], index: int, fleet: LegacyFleet) -> None:
    path, part = ("InstanceFleets", index), _PARTS[fleet.role]
    if part in cluster:
        file.refuse((*path, "InstanceFleetType"), f"a second fleet of type {fleet.role}", "Make one of the two.")
    elif part == "primary" and fleet.on_demand + fleet.spot != 1:
        message = f"a MASTER fleet of {fleet.on_demand + fleet.spot} units"
        file.refuse(path, message, "Its capacity is exactly 1.")
    elif fleet.on_demand + fleet.spot == 0:
        message = f"the {fleet.role} fleet has no capacity and is left out"
        file.note(path, message, f"Add `{part}` with on_demand or spot if you need it.", at=("cluster",))
    else:
        cluster[part] = _fleet(file, path, part, fleet)


def _fleet(file: LegacyFile[LegacyCluster], path: Path, part: str, fleet: LegacyFleet) -> dict[str, Any]:
    result: dict[str, Any] = {"instances": [_instance(instance) for instance in fleet.instances]}
    result |= {key: value for key, value in (("on_demand", fleet.on_demand), ("spot", fleet.spot)) if value}
    spot = fleet.launch.spot
    at, spot_path = ("cluster", part), (*path, "LaunchSpecifications", "SpotSpecification")
    if spot and fleet.spot:
        result |= {"spot_timeout": f"{spot.timeout_minutes}m", "fallback": _FALLBACKS[spot.timeout_action]}
        result |= {"allocation": spot.allocation} if spot.allocation else {}
    elif spot:
        message = f"the SpotSpecification of the {fleet.role} fleet has no effect, since it has no spot capacity"
        file.note(spot_path, message, at=at)
    if spot and spot.block_minutes is not None:
        _note_block(file, (*spot_path, "BlockDurationMinutes"), spot, at)
    if fleet.launch.on_demand not in ({}, _ON_DEMAND):
        message = (
            f"OnDemandSpecification {fleet.launch.on_demand} is not carried over: EMR is asked for the lowest price"
        )
        file.note((*path, "LaunchSpecifications", "OnDemandSpecification"), message, at=at)
    _note_architectures(file, path, fleet, at)
    return result


def _instance(instance: LegacyInstance) -> str | dict[str, Any]:
    if instance.weight == 1 and instance.max_price_percent is None:
        return instance.type
    price = {} if instance.max_price_percent is None else {"max_price_percent": instance.max_price_percent}
    return {"type": instance.type, "weight": instance.weight, **price}


def _note_block(file: LegacyFile[LegacyCluster], path: Path, spot: LegacySpot, at: Path) -> None:
    message = f"BlockDurationMinutes {spot.block_minutes} is not carried over: AWS ended spot blocks on 2022-12-31"
    file.note(path, message, "Use on_demand where an interruption costs too much.", at=at)


def _note_architectures(file: LegacyFile[LegacyCluster], path: Path, fleet: LegacyFleet, at: Path) -> None:
    arm = [one.type for one in fleet.instances if _ARM.fullmatch(one.type.partition(".")[0])]
    if arm and len(arm) < len(fleet.instances):
        message = f"the {fleet.role} fleet mixes Arm ({', '.join(arm)}) with x86"
        fix = "Keep one kind, unless all that the bootstrap action and the packages bring exists for both."
        file.note((*path, "InstanceTypeConfigs"), message, fix, at=at)


def _merge(configurations: list[LegacyConfiguration]) -> list[LegacyConfiguration]:
    """One entry for each classification, which is what EMR takes; of a property that is there twice the last counts."""
    merged: dict[str, LegacyConfiguration] = {}
    for one in configurations:
        first = merged.get(one.classification)
        merged[one.classification] = (
            LegacyConfiguration(
                Classification=one.classification,
                Properties={**first.properties, **one.properties},
                Configurations=[*first.configurations, *one.configurations],
            )
            if first
            else one
        )
    return list(merged.values())


def _configuration(configuration: LegacyConfiguration) -> dict[str, Any]:
    result: dict[str, Any] = {"classification": configuration.classification}
    if configuration.properties:
        result["properties"] = dict(configuration.properties)
    if configuration.configurations:
        result["configurations"] = [_configuration(one) for one in _merge(configuration.configurations)]
    return result


def _note_cluster(file: LegacyFile[LegacyCluster]) -> None:
    legacy = file.model
    message = f"the release {OLD_RELEASE} (Spark 3.0), which was fixed in the old tool's code, has become {RELEASE}"
    fix = "It has Spark 3.5 and another Python: run the scripts once on a small input."
    file.note((), message, fix, at=("cluster", "release"))
    for index, one in enumerate(legacy.configurations):
        if _PACKAGES in one.properties:
            message = f"{_PACKAGES} {one.properties[_PACKAGES]} was chosen for Spark 3.0"
            path = ("Configurations", index, "Properties", _PACKAGES)
            file.note(path, message, "Write the versions for Spark 3.5.", at=("cluster", "configurations"))
    if legacy.subnets:
        message = f"Ec2SubnetIds {', '.join(legacy.subnets)} are not carried over: they belong to one account"
        fix = "Write `subnets` into the cluster of that account's file in config/environments."
        file.note(("Ec2SubnetIds",), message, fix, at=("cluster",))
    if legacy.bootstrap_action is not None:
        message = f"bootstrap_action {legacy.bootstrap_action!r} is not carried over: the old tool did not read it, and always ran bootstrap-action.sh"
        fix = "Name a script under `bootstrap` if it is to run on every node."
        file.note(("bootstrap_action",), message, fix, at=("cluster",))
    if "keep_alive" in legacy.model_fields_set:
        message = f"KeepJobFlowAliveWhenNoSteps {str(legacy.keep_alive).lower()} is not carried over: each run terminates its own cluster"
        fix = "EMR ends a forgotten one after idle_timeout."
        file.note(("KeepJobFlowAliveWhenNoSteps",), message, fix, at=("cluster", "idle_timeout"))

"""The nodes that a RunJobFlow body asks for. Pure; keys that EMR does not need may be missing, as `overrides` may leave them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emr_pipelines.pipeline_spec.sizing.cluster_nodes import ClusterNodes, Part, TypeChoice, cluster_nodes

_PARTS = {"MASTER": "primary", "CORE": "core", "TASK": "task"}


def nodes_of_request(request: Mapping[str, Any]) -> ClusterNodes:
    """The nodes of a RunJobFlow body, as far as it has the form that EMR takes."""
    policy = _map(request.get("ManagedScalingPolicy"))
    limits = _map(policy.get("ComputeLimits"))
    return cluster_nodes(
        list(_parts_of(_map(request.get("Instances")))),
        _classifications(request.get("Configurations")),
        with_hbase="hbase" in [str(one.get("Name")).casefold() for one in _maps(request.get("Applications"))],
        managed_maximum=_whole(limits.get("MaximumCapacityUnits"), 0) or None,
        managed_counts_vcpus=limits.get("UnitType") == "VCPU",
    )


def _parts_of(instances: Mapping[str, Any]) -> Iterator[Part]:
    for fleet in _maps(instances.get("InstanceFleets")):
        units = _whole(fleet.get("TargetOnDemandCapacity"), 0) + _whole(fleet.get("TargetSpotCapacity"), 0)
        choices = tuple(_choice(one) for one in _maps(fleet.get("InstanceTypeConfigs")))
        yield Part(name=_part_name(fleet.get("InstanceFleetType")), choices=choices, units=units, most_units=units)
    for group in _maps(instances.get("InstanceGroups")):
        count = _whole(group.get("InstanceCount"), 1)
        constraints = _map(_map(group.get("AutoScalingPolicy")).get("Constraints"))
        most = max(count, _whole(constraints.get("MaxCapacity"), count))
        name = _part_name(group.get("InstanceRole"))
        yield Part(name=name, choices=(_choice(group),), units=count, most_units=most)


def _choice(described: Mapping[str, Any]) -> TypeChoice:
    return TypeChoice(
        name=str(described.get("InstanceType")),
        weight=max(1, _whole(described.get("WeightedCapacity"), 1)),
        classifications=_classifications(described.get("Configurations")),
    )


def _part_name(role: Any) -> str:
    return _PARTS.get(str(role), "task")


def _classifications(configurations: Any) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for one in _maps(configurations):
        properties = {str(name): str(value) for name, value in _map(one.get("Properties")).items()}
        name = str(one.get("Classification"))
        found[name] = found.get(name, {}) | properties
    return found


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) and value >= 0 else default

"""The Instances part of a RunJobFlow body: instance groups or instance fleets. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from emr_pipelines.spec.capacity_models import CapacitySpec, EbsSpec, WeightedInstance
from emr_pipelines.spec.cluster_models import ClusterSpec
from emr_pipelines.spec.durations import seconds_of

# EMR's own strategy for on-demand capacity is lowest-price; saying so lets a fleet name up to 30 instance types instead of 5.
_ON_DEMAND_ALLOCATION = "lowest-price"
_SPOT_ALLOCATION = "price-capacity-optimized"
_SPOT_TIMEOUT = "15m"
_TIMEOUT_ACTIONS = {"on_demand": "SWITCH_TO_ON_DEMAND", "terminate": "TERMINATE_CLUSTER"}
_ROLES = {"primary": "MASTER", "core": "CORE", "task": "TASK"}


def uses_fleets(cluster: ClusterSpec) -> bool:
    """Whether the cluster's capacity is given as instance fleets."""
    return any(part.instances is not None for _, part in _parts_of(cluster))


def instances_request(cluster: ClusterSpec) -> dict[str, Any]:
    """The Instances structure. The cluster stays alive between steps; its auto-termination policy and the run's teardown end it."""
    fleets = uses_fleets(cluster)
    build: Callable[[str, CapacitySpec], dict[str, Any]] = _fleet if fleets else _group
    request: dict[str, Any] = {
        "InstanceFleets" if fleets else "InstanceGroups": [build(name, part) for name, part in _parts_of(cluster)],
        "KeepJobFlowAliveWhenNoSteps": True,
        "TerminationProtected": False,
    }
    if cluster.subnets:
        request |= {"Ec2SubnetIds": list(cluster.subnets)} if fleets else {"Ec2SubnetId": cluster.subnets[0]}
    if cluster.key_pair is not None:
        request["Ec2KeyName"] = cluster.key_pair
    return request


def _parts_of(cluster: ClusterSpec) -> Iterator[tuple[str, CapacitySpec]]:
    for name, part in (("primary", cluster.primary), ("core", cluster.core), ("task", cluster.task)):
        if part is not None:
            yield name, part


def _group(name: str, part: CapacitySpec) -> dict[str, Any]:
    request: dict[str, Any] = {
        "Name": name,
        "InstanceRole": _ROLES[name],
        "Market": (part.market or "on_demand").upper(),
        "InstanceType": part.instance,
        "InstanceCount": part.count or 1,
    }
    if part.bid_price is not None:
        request["BidPrice"] = part.bid_price
    if part.ebs is not None:
        request["EbsConfiguration"] = _ebs(part.ebs)
    return request


def _fleet(name: str, part: CapacitySpec) -> dict[str, Any]:
    return {
        "Name": name,
        "InstanceFleetType": _ROLES[name],
        "TargetOnDemandCapacity": 1 if part.on_demand is None and part.spot is None else part.on_demand or 0,
        "TargetSpotCapacity": part.spot or 0,
        "InstanceTypeConfigs": [_instance_type(instance, part.ebs) for instance in part.instances or []],
        "LaunchSpecifications": _launch(part),
    }


def _instance_type(instance: str | WeightedInstance, ebs: EbsSpec | None) -> dict[str, Any]:
    chosen = WeightedInstance(type=instance) if isinstance(instance, str) else instance
    request: dict[str, Any] = {"InstanceType": chosen.type, "WeightedCapacity": chosen.weight}
    if chosen.max_price_percent is not None:
        request["BidPriceAsPercentageOfOnDemandPrice"] = chosen.max_price_percent
    if ebs is not None:
        request["EbsConfiguration"] = _ebs(ebs)
    return request


def _launch(part: CapacitySpec) -> dict[str, Any]:
    request: dict[str, Any] = {"OnDemandSpecification": {"AllocationStrategy": _ON_DEMAND_ALLOCATION}}
    # A fleet that starts without spot capacity may still get some from managed scaling.
    if any((part.spot, part.spot_timeout, part.fallback, part.allocation)):
        request["SpotSpecification"] = {
            "TimeoutDurationMinutes": seconds_of(part.spot_timeout or _SPOT_TIMEOUT) // 60,
            "TimeoutAction": _TIMEOUT_ACTIONS[part.fallback or "on_demand"],
            "AllocationStrategy": part.allocation or _SPOT_ALLOCATION,
        }
    return request


def _ebs(ebs: EbsSpec) -> dict[str, Any]:
    volume: dict[str, Any] = {"VolumeType": ebs.type, "SizeInGB": ebs.size_gb}
    if ebs.iops is not None:
        volume["Iops"] = ebs.iops
    if ebs.throughput is not None:
        volume["Throughput"] = ebs.throughput
    return {"EbsBlockDeviceConfigs": [{"VolumeSpecification": volume, "VolumesPerInstance": ebs.volumes}]}

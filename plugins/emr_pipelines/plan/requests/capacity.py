"""The Instances part of a RunJobFlow body: instance groups or instance fleets. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from emr_pipelines.pipeline_spec.models.capacity import (
    CapacityReservationSpec,
    CapacitySpec,
    EbsSpec,
    ResizeSpec,
    WeightedInstance,
)
from emr_pipelines.pipeline_spec.models.cluster import ClusterSpec
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.plan.requests.configuration import configurations_request
from emr_pipelines.plan.requests.operations import network_request
from emr_pipelines.plan.requests.parts import given
from emr_pipelines.plan.requests.scaling import auto_scaling_policy

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
    request |= network_request(cluster, fleets=fleets)
    return request | given(
        {"Ec2KeyName": cluster.key_pair, "UnhealthyNodeReplacement": cluster.unhealthy_node_replacement}
    )


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
    optional = {
        "BidPrice": part.bid_price,
        "EbsConfiguration": _ebs(part.ebs, part.ebs_optimized),
        "Configurations": configurations_request(part.configurations),
        "AutoScalingPolicy": part.autoscaling and auto_scaling_policy(part.autoscaling),
        "CustomAmiId": part.custom_ami,
    }
    return request | given(optional)


def _fleet(name: str, part: CapacitySpec) -> dict[str, Any]:
    request = {
        "Name": name,
        "InstanceFleetType": _ROLES[name],
        "TargetOnDemandCapacity": 1 if part.on_demand is None and part.spot is None else part.on_demand or 0,
        "TargetSpotCapacity": part.spot or 0,
        "InstanceTypeConfigs": [_instance_type(instance, part) for instance in part.instances or []],
        "LaunchSpecifications": _launch(part),
        "ResizeSpecifications": part.resize and _resize(part.resize),
    }
    return given(request)


def _instance_type(instance: str | WeightedInstance, part: CapacitySpec) -> dict[str, Any]:
    """One type of a fleet; what it does not say of its own is what the fleet says."""
    chosen = WeightedInstance(type=instance) if isinstance(instance, str) else instance
    optional = {
        "BidPriceAsPercentageOfOnDemandPrice": chosen.max_price_percent,
        "BidPrice": chosen.max_price,
        "Priority": chosen.priority,
        "EbsConfiguration": _ebs(chosen.ebs or part.ebs, part.ebs_optimized),
        "Configurations": configurations_request(chosen.configurations or part.configurations),
        "CustomAmiId": chosen.custom_ami or part.custom_ami,
    }
    return {"InstanceType": chosen.type, "WeightedCapacity": chosen.weight, **given(optional)}


def _launch(part: CapacitySpec) -> dict[str, Any]:
    on_demand = {
        "AllocationStrategy": part.on_demand_allocation or _ON_DEMAND_ALLOCATION,
        "CapacityReservationOptions": _capacity_reservation(part.capacity_reservation),
    }
    request: dict[str, Any] = {"OnDemandSpecification": given(on_demand)}
    # A fleet that starts without spot capacity may still get some from managed scaling.
    if any((part.spot, part.spot_timeout, part.fallback, part.allocation)):
        request["SpotSpecification"] = {
            "TimeoutDurationMinutes": seconds_of(part.spot_timeout or _SPOT_TIMEOUT) // 60,
            "TimeoutAction": _TIMEOUT_ACTIONS[part.fallback or "on_demand"],
            "AllocationStrategy": part.allocation or _SPOT_ALLOCATION,
        }
    return request


def _resize(resize: ResizeSpec) -> dict[str, Any]:
    spot = {"TimeoutDurationMinutes": _minutes(resize.spot_timeout), "AllocationStrategy": resize.allocation}
    on_demand = {
        "TimeoutDurationMinutes": _minutes(resize.on_demand_timeout),
        "AllocationStrategy": resize.on_demand_allocation,
        "CapacityReservationOptions": _capacity_reservation(resize.capacity_reservation),
    }
    return given({"SpotResizeSpecification": given(spot), "OnDemandResizeSpecification": given(on_demand)})


def _minutes(duration: str | None) -> int | None:
    return None if duration is None else seconds_of(duration) // 60


def _capacity_reservation(reservation: CapacityReservationSpec | None) -> dict[str, Any] | None:
    if reservation is None:
        return None
    options = {
        "UsageStrategy": "use-capacity-reservations-first" if reservation.use_first else None,
        "CapacityReservationPreference": reservation.preference,
        "CapacityReservationResourceGroupArn": reservation.resource_group,
    }
    return given(options)


def _ebs(ebs: EbsSpec | list[EbsSpec] | None, optimized: bool | None) -> dict[str, Any]:
    volumes = [ebs] if isinstance(ebs, EbsSpec) else ebs or []
    devices = [
        {
            "VolumeSpecification": given(
                {"VolumeType": one.type, "SizeInGB": one.size_gb, "Iops": one.iops, "Throughput": one.throughput}
            ),
            "VolumesPerInstance": one.volumes,
        }
        for one in volumes
    ]
    return given({"EbsBlockDeviceConfigs": devices, "EbsOptimized": optimized})

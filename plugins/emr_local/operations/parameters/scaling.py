"""Managed scaling of clusters and automatic scaling of instance groups, with AWS's rules for them. Pure. The text on core nodes is AWS's, the others are ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from emr_local.resources.records import Json, NodeCollection
from emr_local.resources.releases import parse_version
from emr_local.wire.api_errors import validation_failure

_FIRST_WITH_MANAGED_SCALING = (5, 30)
_UTILIZATION_INDEXES = (1, 25, 50, 75, 100)
_FLEET_UNITS = "InstanceFleetUnits"


def check_auto_scaling(policy: Json, group_role: str, *, has_role: bool, managed: bool) -> None:
    """Raise a ValidationException for a policy that a group of this role cannot have."""
    if managed:
        raise validation_failure(
            "A cluster has either a managed scaling policy or automatic scaling policies, not both."
        )
    if not has_role:
        raise validation_failure(
            "An automatic scaling policy needs an AutoScalingRole, which a cluster gets when it is created."
        )
    if group_role == "MASTER":
        raise validation_failure("The master instance group cannot have an automatic scaling policy.")
    limits = policy["Constraints"]
    if not 0 <= limits["MinCapacity"] <= limits["MaxCapacity"]:
        raise validation_failure("MinCapacity must be zero or more, and less than or equal to MaxCapacity.")
    repeated = sorted(name for name, count in Counter(rule["Name"] for rule in policy["Rules"]).items() if count > 1)
    if repeated:
        raise validation_failure(
            f"The names of an automatic scaling policy's rules must be unique: {', '.join(repeated)}."
        )


def check_managed_scaling(policy: Json, release_label: str, collections: Sequence[NodeCollection]) -> None:
    """Raise a ValidationException for a policy that a cluster of these groups or fleets cannot have."""
    version = parse_version(release_label)
    if version < _FIRST_WITH_MANAGED_SCALING or version == (6, 0, 0):
        raise validation_failure("A managed scaling policy needs emr-5.30.0, emr-6.1.0 or newer.")
    limits = policy.get("ComputeLimits")
    if limits:
        _check_limits(limits, fleets=any("InstanceTypeConfigs" in each.request for each in collections))
        _check_core(limits, collections)
    index = policy.get("UtilizationPerformanceIndex")
    if index is not None and policy.get("ScalingStrategy") != "ADVANCED":
        raise validation_failure("UtilizationPerformanceIndex can be set only with the ScalingStrategy ADVANCED.")
    if index is not None and index not in _UTILIZATION_INDEXES:
        raise validation_failure(
            f"UtilizationPerformanceIndex is {index}; possible values are {', '.join(map(str, _UTILIZATION_INDEXES))}."
        )


def _check_limits(limits: Json, *, fleets: bool) -> None:
    if (limits["UnitType"] == _FLEET_UNITS) != fleets:
        wanted = _FLEET_UNITS if fleets else "Instances or VCPU"
        kind = "instance fleets" if fleets else "instance groups"
        raise validation_failure(f"UnitType is {limits['UnitType']}; for a cluster of {kind} it must be {wanted}.")
    most = limits["MaximumCapacityUnits"]
    if not 1 <= limits["MinimumCapacityUnits"] <= most:
        raise validation_failure("MinimumCapacityUnits must be less than or equal to MaximumCapacityUnits.")
    for key in ("MaximumOnDemandCapacityUnits", "MaximumCoreCapacityUnits"):
        if limits.get(key, 0) > most:
            raise validation_failure(f"{key} must be less than or equal to MaximumCapacityUnits.")


def _check_core(limits: Json, collections: Sequence[NodeCollection]) -> None:
    groups = [each.request for each in collections if each.role == "CORE" and "InstanceType" in each.request]
    bought_on_demand = any(group.get("Market", "ON_DEMAND") == "ON_DEMAND" for group in groups)
    core, on_demand = limits.get("MaximumCoreCapacityUnits"), limits.get("MaximumOnDemandCapacityUnits")
    if bought_on_demand and core is not None and on_demand is not None and core > on_demand:
        raise validation_failure(
            "Invalid configuration for managed scaling. If you select On-Demand market type for core nodes in a cluster with "
            "instance groups, MaximumCoreCapacityUnits must be less than or equal to MaximumOnDemandCapacityUnits."
        )

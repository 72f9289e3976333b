"""AWS's checks of an instance fleet: its types, weights, capacities, launch and resize specifications. Pure.

The texts that begin with a fleet's name or with `Specify`, and those on weights, are AWS's; the others are ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from emr_local.operations.parameters.instance_checks import check_bid_price, check_instance_type, check_volumes
from emr_local.resources.records import Json
from emr_local.wire.api_errors import validation_failure

_PRIMARY_CAPACITIES = (1, 3)
_TYPES = 5
_TYPES_WITH_STRATEGY = 30
_SPOT_TIMEOUTS = range(5, 1440 + 1)
_RESIZE_TIMEOUTS = range(5, 10_080 + 1)
_SPECIFICATIONS = {"TargetOnDemandCapacity": "OnDemandSpecification", "TargetSpotCapacity": "SpotSpecification"}


def check_fleet(request: Json, release_label: str) -> None:
    """Raise AWS's ValidationException for a fleet that cannot be had."""
    name = request.get("Name", "null")
    types = request.get("InstanceTypeConfigs", ())
    if not types:
        raise validation_failure(
            f"The instance fleet: {name} must have at least one instance type. Revise the configuration and resubmit."
        )
    check_fleet_types(types, name, release_label)
    _check_capacity(request, name)
    _check_number_of_types(request, name)
    launch = request.get("LaunchSpecifications", {})
    spot = launch.get("SpotSpecification")
    if spot:
        _check_minutes(spot, _SPOT_TIMEOUTS, f"The Spot provisioning timeout of the instance fleet {name}")
    _check_priorities(launch, types, name)
    check_resize_specifications(request.get("ResizeSpecifications"), name)


def check_fleet_types(types: Sequence[Json], name: str, release_label: str) -> None:
    """Raise AWS's ValidationException for instance types that a fleet cannot have."""
    names = [each["InstanceType"] for each in types]
    for instance_type in names:
        check_instance_type(release_label, instance_type)
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise validation_failure(
            f"The instance fleet: {name} contains duplicate instance types [{', '.join(repeated)}]. "
            "Revise the configuration and resubmit."
        )
    if any(each.get("WeightedCapacity", 1) < 1 for each in types):
        raise validation_failure("Weighted capacity cannot be zero. Revise the configuration and resubmit.")
    for each in types:
        _check_price(each, name)
        check_volumes(each.get("EbsConfiguration"))


def check_resize_specifications(specifications: Json | None, name: str) -> None:
    """Raise a ValidationException for limits of a resize that EMR does not take."""
    given: Mapping[str, Json] = specifications or {}
    for key, what in (("SpotResizeSpecification", "Spot"), ("OnDemandResizeSpecification", "On-Demand")):
        _check_minutes(given.get(key, {}), _RESIZE_TIMEOUTS, f"The {what} resize timeout of the instance fleet {name}")


def _check_price(config: Json, name: str) -> None:
    if "BidPrice" in config and "BidPriceAsPercentageOfOnDemandPrice" in config:
        raise validation_failure(
            "Specify at most one of bidPrice or bidPriceAsPercentageOfOnDemandPrice value for the Spot Instance fleet "
            f": {name} request."
        )
    if "BidPrice" in config:
        check_bid_price(config["BidPrice"])


def _check_capacity(request: Json, name: str) -> None:
    capacity = request.get("TargetOnDemandCapacity", 0) + request.get("TargetSpotCapacity", 0)
    if request["InstanceFleetType"] == "MASTER" and capacity not in _PRIMARY_CAPACITIES:
        raise validation_failure(
            "A master instance fleet can only have a target capacity of 1. Revise the configuration and resubmit."
        )
    if capacity < 1:
        raise validation_failure(
            f"The instance fleet ({name}) should have a value of one or greater for either targetOnDemandCapacity or targetSpotCapacity."
        )


def _check_number_of_types(request: Json, name: str) -> None:
    launch = request.get("LaunchSpecifications", {})
    bought = [specification for capacity, specification in _SPECIFICATIONS.items() if request.get(capacity, 0)]
    chooses = all("AllocationStrategy" in launch.get(specification, {}) for specification in bought)
    most = _TYPES_WITH_STRATEGY if chooses else _TYPES
    count = len(request["InstanceTypeConfigs"])
    if count > most:
        advice = "" if chooses else f" With an allocation strategy it may have {_TYPES_WITH_STRATEGY}."
        raise validation_failure(
            f"The instance fleet: {name} has {count} instance types; it may have {most}.{advice} Revise the configuration and resubmit."
        )


def _check_priorities(launch: Json, types: Sequence[Json], name: str) -> None:
    strategy = launch.get("OnDemandSpecification", {}).get("AllocationStrategy")
    if strategy == "prioritized" and not any("Priority" in each for each in types):
        raise validation_failure(
            f"The instance fleet: {name} has the allocation strategy prioritized, but none of its instance types has a Priority."
        )


def _check_minutes(specification: Json, allowed: range, what: str) -> None:
    minutes = specification.get("TimeoutDurationMinutes")
    if minutes is not None and minutes not in allowed:
        raise validation_failure(f"{what} is {minutes} minutes; it must be from {allowed[0]} to {allowed[-1]}.")

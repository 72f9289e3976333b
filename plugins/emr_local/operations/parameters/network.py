"""Checks of where a cluster lies: subnets, availability zones, security groups. Pure. AWS's are the texts on several subnets and on too many groups."""

from __future__ import annotations

from emr_local.resources.records import Json
from emr_local.wire.api_errors import validation_failure

_MAX_ADDITIONAL_GROUPS = 4
_ADDITIONAL_GROUPS = ("AdditionalMasterSecurityGroups", "AdditionalSlaveSecurityGroups")
_MANAGED_GROUPS = ("EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup")


def check_network(instances: Json) -> None:
    """Raise AWS's ValidationException for a network that a cluster cannot have."""
    _check_subnets(instances)
    _check_zones(instances)
    given = [key for key in _MANAGED_GROUPS if instances.get(key)]
    if len(given) == 1:
        (missing,) = set(_MANAGED_GROUPS) - set(given)
        raise validation_failure(f"If you specify {given[0]}, you must also specify {missing}.")
    for key in _ADDITIONAL_GROUPS:
        if len(instances.get(key, ())) > _MAX_ADDITIONAL_GROUPS:
            raise validation_failure(f"Maximum number({_MAX_ADDITIONAL_GROUPS}) of security groups exceeded for {key}.")


def _check_subnets(instances: Json) -> None:
    if instances.get("Ec2SubnetId") and instances.get("Ec2SubnetIds"):
        raise validation_failure("Specify either Ec2SubnetId or Ec2SubnetIds, not both.")
    if len(instances.get("Ec2SubnetIds", ())) > 1 and not instances.get("InstanceFleets"):
        raise validation_failure(
            "Only one subnet may be specified for clusters configured with instance groups or instance count, "
            "master and slave instance type. Revise the configuration and resubmit."
        )


def _check_zones(instances: Json) -> None:
    placement = instances.get("Placement", {})
    if placement.get("AvailabilityZone") and placement.get("AvailabilityZones"):
        raise validation_failure("Specify either AvailabilityZone or AvailabilityZones, not both.")
    if len(placement.get("AvailabilityZones", ())) > 1 and not instances.get("InstanceFleets"):
        raise validation_failure(
            "AvailabilityZones is for instance fleets; clusters of instance groups are in one AvailabilityZone."
        )

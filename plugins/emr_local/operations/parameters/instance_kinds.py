"""Clusters have instance groups or instance fleets: the answer to a request for the other kind. Pure."""

from __future__ import annotations

from emr_local.resources.records import ClusterRecord
from emr_local.wire.api_errors import ApiError, invalid_request

# The request of the other kind that does the same, where there is one.
_INSTEAD = {
    "ListInstanceGroups": "ListInstanceFleets",
    "ListInstanceFleets": "ListInstanceGroups",
    "AddInstanceGroups": "AddInstanceFleet",
    "AddInstanceFleet": "AddInstanceGroups",
    "ModifyInstanceFleet": "ModifyInstanceGroups",
    "PutAutoScalingPolicy": "PutManagedScalingPolicy",
    "RemoveAutoScalingPolicy": "RemoveManagedScalingPolicy",
}


def require_groups(cluster: ClusterRecord, operation: str) -> None:
    """Raise AWS's error if the cluster has instance fleets."""
    if cluster.uses_fleets:
        raise _refuse(operation, "instance fleets", "ListInstanceFleets")


def require_fleets(cluster: ClusterRecord, operation: str) -> None:
    """Raise AWS's error if the cluster has instance groups."""
    if not cluster.uses_fleets:
        raise _refuse(operation, "instance groups", "ListInstanceGroups")


def _refuse(operation: str, used: str, listing: str) -> ApiError:
    return invalid_request(
        f"Instance fleets and instance groups are mutually exclusive. The EMR cluster specified in the request uses {used}. "
        f"The {operation} request does not support clusters that use {used}. Use the {_INSTEAD.get(operation, listing)} request instead."
    )

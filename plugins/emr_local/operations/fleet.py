"""The operations on a cluster's instance fleets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emr_local.operations.calls import Call, Operation
from emr_local.operations.parameters.fleet import check_fleet_types, check_resize_specifications
from emr_local.operations.parameters.instance import create_all_nodes, create_fleet
from emr_local.operations.parameters.instance_kinds import require_fleets
from emr_local.operations.parameters.resizing import resize
from emr_local.operations.responses.instance import describe_fleet
from emr_local.operations.responses.shapes import copy_members
from emr_local.resources.identifiers import format_cluster_arn
from emr_local.resources.records import ClusterRecord, Json, NodeCollection
from emr_local.wire.api_errors import invalid_request, validation_failure

_CAPACITIES = ("TargetOnDemandCapacity", "TargetSpotCapacity")


def _list_instance_fleets(call: Call) -> Json:
    cluster = call.require_cluster().cluster
    require_fleets(cluster, "ListInstanceFleets")
    return {"InstanceFleets": [describe_fleet(fleet, cluster) for fleet in cluster.collections]}


def _add_instance_fleet(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    cluster, request = flow.cluster, call.parameters["InstanceFleet"]
    require_fleets(cluster, "AddInstanceFleet")
    if request["InstanceFleetType"] != "TASK":
        raise validation_failure("Only a task instance fleet can be added to a running cluster.")
    if any(each.role == "TASK" for each in cluster.collections):
        raise validation_failure(
            "Multiple task instance fleets supplied, you must specify exactly one task instance fleet"
        )
    fleet = create_fleet(request, cluster.release_label, call.now)
    nodes = (*cluster.nodes, *create_all_nodes(fleet, len(cluster.nodes) + 1, call.now))
    changed = replace(cluster, collections=(*cluster.collections, fleet), nodes=nodes)
    call.store.save_flow(replace(flow, cluster=changed))
    return {
        "ClusterId": cluster.cluster_id,
        "InstanceFleetId": fleet.collection_id,
        "ClusterArn": format_cluster_arn(cluster.region, cluster.cluster_id),
    }


def _modify_instance_fleet(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    cluster, request = flow.cluster, call.parameters["InstanceFleet"]
    require_fleets(cluster, "ModifyInstanceFleet")
    fleet = _find_fleet(cluster, request["InstanceFleetId"])
    changes = copy_members(request, *_CAPACITIES, "ResizeSpecifications", "Context")
    if fleet.role == "MASTER" and not changes.keys().isdisjoint(_CAPACITIES):
        raise validation_failure("The master instance fleet cannot be resized.")
    if fleet.role == "CORE" and not any({**fleet.request, **changes}.get(each, 0) for each in _CAPACITIES):
        raise validation_failure("The core instance fleet must keep a target capacity of one or greater.")
    check_resize_specifications(changes.get("ResizeSpecifications"), fleet.request.get("Name", "null"))
    changes["InstanceTypeConfigs"] = _merge_types(fleet, request.get("InstanceTypeConfigs", ()), cluster.release_label)
    call.store.save_flow(replace(flow, cluster=resize(cluster, fleet, changes, call.now)))
    return {}


def _merge_types(fleet: NodeCollection, given: Any, release_label: str) -> list[Json]:
    """The fleet's instance types with those that the request gives anew; those that nodes may have already stay."""
    check_fleet_types(given, fleet.request.get("Name", "null"), release_label)
    merged = {each["InstanceType"]: each for each in (*fleet.request["InstanceTypeConfigs"], *given)}
    return list(merged.values())


def _find_fleet(cluster: ClusterRecord, fleet_id: str) -> NodeCollection:
    for fleet in cluster.collections:
        if fleet.collection_id == fleet_id:
            return fleet
    raise invalid_request(f"Instance fleet id '{fleet_id}' is not valid.")


OPERATIONS: Mapping[str, Operation] = {
    "ListInstanceFleets": _list_instance_fleets,
    "AddInstanceFleet": _add_instance_fleet,
    "ModifyInstanceFleet": _modify_instance_fleet,
}

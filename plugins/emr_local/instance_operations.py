"""The operations on a cluster's instances, instance groups and instance fleets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emr_local.api_errors import invalid_request, not_modifiable, validation_failure
from emr_local.calls import Call, Operation
from emr_local.identifiers import format_cluster_arn
from emr_local.instance_requests import create_group, create_group_nodes
from emr_local.instance_views import describe_fleet, describe_group, describe_node, find_node_state
from emr_local.pagination import take_page
from emr_local.records import ClusterRecord, Json, NodeCollection
from emr_local.states import is_going

_PAGE_SIZE = 2000  # AWS gives instances in far larger pages than clusters


def _list_instances(call: Call) -> Json:
    cluster = call.require_cluster().cluster
    wanted = call.parameters
    if wanted.get("InstanceGroupId") or wanted.get("InstanceGroupTypes"):
        _require_kind(cluster, fleets=False, operation="ListInstances")
    if wanted.get("InstanceFleetId") or wanted.get("InstanceFleetType"):
        _require_kind(cluster, fleets=True, operation="ListInstances")
    chosen = {each.collection_id for each in cluster.collections if _is_wanted(each, wanted)}
    states = wanted.get("InstanceStates")
    nodes = [
        node
        for node in cluster.nodes
        if node.collection_id in chosen and (not states or find_node_state(node, cluster) in states)
    ]
    page, rest = take_page(nodes, wanted.get("Marker"), lambda node: node.node_id, _PAGE_SIZE)
    return {"Instances": [describe_node(node, cluster) for node in page], **rest}


def _is_wanted(collection: NodeCollection, wanted: Json) -> bool:
    chosen_id = wanted.get("InstanceGroupId") or wanted.get("InstanceFleetId")
    roles = wanted.get("InstanceGroupTypes") or [each for each in [wanted.get("InstanceFleetType")] if each]
    return (not chosen_id or collection.collection_id == chosen_id) and (not roles or collection.role in roles)


def _list_instance_groups(call: Call) -> Json:
    cluster = call.require_cluster().cluster
    _require_kind(cluster, fleets=False, operation="ListInstanceGroups")
    return {"InstanceGroups": [describe_group(group, cluster) for group in cluster.collections]}


def _list_instance_fleets(call: Call) -> Json:
    cluster = call.require_cluster().cluster
    _require_kind(cluster, fleets=True, operation="ListInstanceFleets")
    return {"InstanceFleets": [describe_fleet(fleet, cluster) for fleet in cluster.collections]}


def _add_instance_groups(call: Call) -> Json:
    flow = call.require_job_flow(call.parameters["JobFlowId"])
    cluster = flow.cluster
    if is_going(flow):
        raise not_modifiable()
    _require_kind(cluster, fleets=False, operation="AddInstanceGroups")
    added = []
    for request in call.parameters["InstanceGroups"]:
        if request["InstanceRole"] != "TASK":
            raise validation_failure("Only task instance groups can be added to a job flow.")
        group = create_group(request, cluster.release_label, call.now)
        nodes = create_group_nodes(group, request["InstanceCount"], len(cluster.nodes) + 1, call.now)
        cluster = replace(cluster, collections=(*cluster.collections, group), nodes=(*cluster.nodes, *nodes))
        added.append(group.collection_id)
    call.store.save_flow(replace(flow, cluster=cluster))
    return {
        "JobFlowId": cluster.cluster_id,
        "InstanceGroupIds": added,
        "ClusterArn": format_cluster_arn(cluster.region, cluster.cluster_id),
    }


def _modify_instance_groups(call: Call) -> Json:
    for request in call.parameters.get("InstanceGroups", ()):
        group_id = request["InstanceGroupId"]
        owners = (
            flow
            for flow in call.store.list_flows()
            if any(each.collection_id == group_id for each in flow.cluster.collections)
        )
        flow = next(owners, None)
        if flow is None or flow.cluster.uses_fleets:
            raise invalid_request(f"Instance group id '{group_id}' is not valid.")
        if is_going(flow):
            raise not_modifiable()
        if "InstanceCount" in request:
            call.store.save_flow(
                replace(flow, cluster=_resize(flow.cluster, group_id, request["InstanceCount"], call.now))
            )
    return {}


def _resize(cluster: ClusterRecord, group_id: str, count: int, now: float) -> ClusterRecord:
    group = next(each for each in cluster.collections if each.collection_id == group_id)
    if group.role == "MASTER":
        raise validation_failure("The master instance group cannot be resized.")
    resized = replace(group, request={**group.request, "InstanceCount": count})
    collections = tuple(resized if each is group else each for each in cluster.collections)
    live = [node for node in cluster.nodes if node.collection_id == group_id and node.ended_at is None]
    surplus = {node.node_id for node in live[count:]}
    kept = tuple(replace(node, ended_at=now) if node.node_id in surplus else node for node in cluster.nodes)
    added = create_group_nodes(resized, max(count - len(live), 0), len(kept) + 1, now)
    return replace(cluster, collections=collections, nodes=(*kept, *added))


def _require_kind(cluster: ClusterRecord, *, fleets: bool, operation: str) -> None:
    if cluster.uses_fleets is fleets:
        return
    used, advice = (
        ("instance fleets", "ListInstanceFleets") if cluster.uses_fleets else ("instance groups", "ListInstanceGroups")
    )
    raise invalid_request(
        f"Instance fleets and instance groups are mutually exclusive. The EMR cluster specified in the request uses {used}. "
        f"The {operation} request does not support clusters that use {used}. Use the {advice} request instead."
    )


OPERATIONS: Mapping[str, Operation] = {
    "ListInstances": _list_instances,
    "ListInstanceGroups": _list_instance_groups,
    "ListInstanceFleets": _list_instance_fleets,
    "AddInstanceGroups": _add_instance_groups,
    "ModifyInstanceGroups": _modify_instance_groups,
}

"""The operations on a cluster's instances and instance groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emr_local.clusters.states import is_going
from emr_local.operations.calls import Call, Operation
from emr_local.operations.pagination import take_page
from emr_local.operations.parameters.instance import create_all_nodes, create_group
from emr_local.operations.parameters.instance_kinds import require_fleets, require_groups
from emr_local.operations.parameters.resizing import resize
from emr_local.operations.parameters.scaling import check_auto_scaling
from emr_local.operations.responses.instance import describe_group, describe_node, find_node_state
from emr_local.operations.responses.shapes import copy_members
from emr_local.resources.identifiers import format_cluster_arn
from emr_local.resources.records import ClusterRecord, Json, NodeCollection
from emr_local.wire.api_errors import invalid_request, not_modifiable, validation_failure

_PAGE_SIZE = 2000  # AWS gives instances in far larger pages than clusters


def _list_instances(call: Call) -> Json:
    cluster = call.require_cluster().cluster
    wanted = call.parameters
    if wanted.get("InstanceGroupId") or wanted.get("InstanceGroupTypes"):
        require_groups(cluster, "ListInstances")
    if wanted.get("InstanceFleetId") or wanted.get("InstanceFleetType"):
        require_fleets(cluster, "ListInstances")
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
    require_groups(cluster, "ListInstanceGroups")
    return {"InstanceGroups": [describe_group(group, cluster) for group in cluster.collections]}


def _add_instance_groups(call: Call) -> Json:
    flow = call.require_job_flow(call.parameters["JobFlowId"])
    cluster = flow.cluster
    if is_going(flow):
        raise not_modifiable()
    require_groups(cluster, "AddInstanceGroups")
    added = []
    for request in call.parameters["InstanceGroups"]:
        if request["InstanceRole"] != "TASK":
            raise validation_failure("Only task instance groups can be added to a job flow.")
        group = create_group(request, cluster.release_label, call.now)
        if "AutoScalingPolicy" in request:
            has_role, managed = "AutoScalingRole" in cluster.request, cluster.managed_scaling is not None
            check_auto_scaling(request["AutoScalingPolicy"], group.role, has_role=has_role, managed=managed)
        nodes = create_all_nodes(group, len(cluster.nodes) + 1, call.now)
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
            changes = copy_members(request, "InstanceCount")
            call.store.save_flow(replace(flow, cluster=_resize_group(flow.cluster, group_id, changes, call.now)))
    return {}


def _resize_group(cluster: ClusterRecord, group_id: str, changes: Json, now: float) -> ClusterRecord:
    group = next(each for each in cluster.collections if each.collection_id == group_id)
    if group.role == "MASTER":
        raise validation_failure("The master instance group cannot be resized.")
    return resize(cluster, group, changes, now)


OPERATIONS: Mapping[str, Operation] = {
    "ListInstances": _list_instances,
    "ListInstanceGroups": _list_instance_groups,
    "AddInstanceGroups": _add_instance_groups,
    "ModifyInstanceGroups": _modify_instance_groups,
}

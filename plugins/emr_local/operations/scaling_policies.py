"""The operations on a cluster's policies: idle termination, managed and automatic scaling (kept and shown; nothing is scaled here)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emr_local.operations.calls import Call, Operation
from emr_local.operations.parameters.cluster import read_idle_timeout
from emr_local.operations.parameters.instance_kinds import require_groups
from emr_local.operations.parameters.scaling import check_auto_scaling, check_managed_scaling
from emr_local.operations.responses.instance import describe_auto_scaling
from emr_local.resources.identifiers import format_cluster_arn
from emr_local.resources.records import JobFlow, Json, NodeCollection
from emr_local.wire.api_errors import invalid_request


def _put_auto_termination_policy(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    seconds = read_idle_timeout(call.parameters.get("AutoTerminationPolicy", {}), flow.cluster.release_label)
    call.store.save_flow(replace(flow, cluster=replace(flow.cluster, idle_timeout=seconds)))
    return {}


def _get_auto_termination_policy(call: Call) -> Json:
    seconds = call.require_cluster().cluster.idle_timeout
    return {} if seconds is None else {"AutoTerminationPolicy": {"IdleTimeout": seconds}}


def _remove_auto_termination_policy(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    call.store.save_flow(replace(flow, cluster=replace(flow.cluster, idle_timeout=None)))
    return {}


def _put_managed_scaling_policy(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    policy = call.parameters["ManagedScalingPolicy"]
    check_managed_scaling(policy, flow.cluster.release_label, flow.cluster.collections)
    call.store.save_flow(replace(flow, cluster=replace(flow.cluster, managed_scaling=policy)))
    return {}


def _get_managed_scaling_policy(call: Call) -> Json:
    policy = call.require_cluster().cluster.managed_scaling
    return {} if policy is None else {"ManagedScalingPolicy": policy}


def _remove_managed_scaling_policy(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    call.store.save_flow(replace(flow, cluster=replace(flow.cluster, managed_scaling=None)))
    return {}


def _put_auto_scaling_policy(call: Call) -> Json:
    flow, group = _require_group(call, "PutAutoScalingPolicy")
    policy = call.parameters["AutoScalingPolicy"]
    cluster = flow.cluster
    has_role = "AutoScalingRole" in cluster.request
    check_auto_scaling(policy, group.role, has_role=has_role, managed=cluster.managed_scaling is not None)
    changed = replace(group, request={**group.request, "AutoScalingPolicy": policy})
    call.store.save_flow(_replace_group(flow, changed))
    return {
        "ClusterId": flow.cluster.cluster_id,
        "InstanceGroupId": group.collection_id,
        "AutoScalingPolicy": describe_auto_scaling(changed),
        "ClusterArn": format_cluster_arn(flow.cluster.region, flow.cluster.cluster_id),
    }


def _remove_auto_scaling_policy(call: Call) -> Json:
    flow, group = _require_group(call, "RemoveAutoScalingPolicy")
    kept = {name: value for name, value in group.request.items() if name != "AutoScalingPolicy"}
    call.store.save_flow(_replace_group(flow, replace(group, request=kept)))
    return {}


def _require_group(call: Call, operation: str) -> tuple[JobFlow, NodeCollection]:
    flow, group_id = call.require_modifiable_cluster(), call.parameters["InstanceGroupId"]
    require_groups(flow.cluster, operation)
    for group in flow.cluster.collections:
        if group.collection_id == group_id:
            return flow, group
    raise invalid_request(f"Instance group id '{group_id}' is not valid.")


def _replace_group(flow: JobFlow, changed: NodeCollection) -> JobFlow:
    groups = (changed if each.collection_id == changed.collection_id else each for each in flow.cluster.collections)
    return replace(flow, cluster=replace(flow.cluster, collections=tuple(groups)))


OPERATIONS: Mapping[str, Operation] = {
    "PutAutoTerminationPolicy": _put_auto_termination_policy,
    "GetAutoTerminationPolicy": _get_auto_termination_policy,
    "RemoveAutoTerminationPolicy": _remove_auto_termination_policy,
    "PutManagedScalingPolicy": _put_managed_scaling_policy,
    "GetManagedScalingPolicy": _get_managed_scaling_policy,
    "RemoveManagedScalingPolicy": _remove_managed_scaling_policy,
    "PutAutoScalingPolicy": _put_auto_scaling_policy,
    "RemoveAutoScalingPolicy": _remove_auto_scaling_policy,
}

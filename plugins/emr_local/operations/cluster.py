"""The operations on clusters as a whole: create, look at, list, change, terminate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emr_local.clusters.states import USER_REQUEST, is_going, settle, terminate
from emr_local.operations.calls import Call, Operation
from emr_local.operations.pagination import take_page
from emr_local.operations.parameters.cluster import check_step_concurrency, create_cluster
from emr_local.operations.parameters.security import check_execution_role, check_kerberos
from emr_local.operations.parameters.step import create_steps
from emr_local.operations.parameters.tagging import read_tags
from emr_local.operations.responses.cluster import describe_cluster, summarize_cluster
from emr_local.operations.responses.shapes import copy_members
from emr_local.resources.identifiers import format_cluster_arn
from emr_local.resources.records import ENDED_CLUSTER_STATES, JobFlow, Json
from emr_local.wire.api_errors import invalid_request, not_modifiable, validation_failure

MAX_TERMINATED_AT_ONCE = 10


def _run_job_flow(call: Call) -> Json:
    request = call.parameters
    security = call.require_security_configuration(request)
    cluster = create_cluster(request, call.region, call.now)
    check_kerberos(request.get("KerberosAttributes"), security)
    role = request.get("StepExecutionRoleArn")
    if role or request.get("Steps"):
        check_execution_role(role, cluster.release_label, security)
    steps = create_steps(request.get("Steps", ()), cluster, (), role, call.now)
    call.store.save_flow(JobFlow(cluster=cluster, steps=tuple(steps)))
    return {"JobFlowId": cluster.cluster_id, "ClusterArn": format_cluster_arn(call.region, cluster.cluster_id)}


def _describe_cluster(call: Call) -> Json:
    return {"Cluster": describe_cluster(call.require_cluster().cluster)}


def _list_clusters(call: Call) -> Json:
    states = call.parameters.get("ClusterStates")
    after = call.parameters.get("CreatedAfter", float("-inf"))
    before = call.parameters.get("CreatedBefore", float("inf"))
    clusters = [
        flow.cluster
        for flow in reversed(call.store.list_flows())
        if (not states or flow.cluster.state in states) and after <= flow.cluster.created_at <= before
    ]
    page, rest = take_page(clusters, call.parameters.get("Marker"), lambda cluster: cluster.cluster_id)
    return {"Clusters": [summarize_cluster(cluster) for cluster in page], **rest}


def _terminate_job_flows(call: Call) -> Json:
    ids = call.parameters["JobFlowIds"]
    if len(ids) > MAX_TERMINATED_AT_ONCE:
        raise validation_failure(
            f"At most {MAX_TERMINATED_AT_ONCE} job flows can be terminated at once; {len(ids)} were given."
        )
    flows = [call.require_job_flow(cluster_id) for cluster_id in ids]
    call.store.save_flows(
        [terminate(flow, USER_REQUEST, call.now) for flow in flows if not flow.cluster.termination_protected]
    )
    if any(flow.cluster.termination_protected and not is_going(flow) for flow in flows):
        raise validation_failure("Could not shut down one or more job flows since they are termination protected.")
    return {}


def _modify_cluster(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    level = call.parameters.get("StepConcurrencyLevel", flow.cluster.step_concurrency)
    call.store.save_flow(replace(flow, cluster=replace(flow.cluster, step_concurrency=check_step_concurrency(level))))
    return {"StepConcurrencyLevel": level, **copy_members(call.parameters, "ExtendedSupport")}


def _create_setter(parameter: str, attribute: str) -> Operation:
    """An operation that sets one attribute of the clusters in JobFlowIds."""

    def set_attribute(call: Call) -> Json:
        change: Mapping[str, Any] = {attribute: call.parameters[parameter]}
        flows = [call.require_job_flow(cluster_id) for cluster_id in call.parameters["JobFlowIds"]]
        if any(is_going(flow) for flow in flows):
            raise not_modifiable()
        # A waiting cluster that is no longer kept alive goes at once.
        call.store.save_flows(
            [settle(replace(flow, cluster=replace(flow.cluster, **change)), call.now) for flow in flows]
        )
        return {}

    return set_attribute


def _add_tags(call: Call) -> Json:
    flow = _require_taggable(call)
    tags = {**flow.cluster.tags, **read_tags(call.parameters["Tags"])}
    call.store.save_flow(replace(flow, cluster=replace(flow.cluster, tags=tags)))
    return {}


def _remove_tags(call: Call) -> Json:
    flow = _require_taggable(call)
    removed = call.parameters["TagKeys"]
    tags = {key: value for key, value in flow.cluster.tags.items() if key not in removed}
    call.store.save_flow(replace(flow, cluster=replace(flow.cluster, tags=tags)))
    return {}


def _require_taggable(call: Call) -> JobFlow:
    cluster_id = call.parameters["ResourceId"]
    flow = call.store.find_flow(cluster_id)
    if flow is None:
        raise invalid_request(f"Resource id '{cluster_id}' is not valid.")
    if flow.cluster.state in ENDED_CLUSTER_STATES:
        raise invalid_request("Tags cannot be modified on terminated clusters.")
    return flow


def _list_bootstrap_actions(call: Call) -> Json:
    actions = [
        {
            "Name": action["Name"],
            "ScriptPath": action["ScriptBootstrapAction"]["Path"],
            "Args": action["ScriptBootstrapAction"].get("Args", []),
        }
        for action in call.require_cluster().cluster.request.get("BootstrapActions", ())
    ]
    return {"BootstrapActions": actions}


OPERATIONS: Mapping[str, Operation] = {
    "RunJobFlow": _run_job_flow,
    "DescribeCluster": _describe_cluster,
    "ListClusters": _list_clusters,
    "TerminateJobFlows": _terminate_job_flows,
    "ModifyCluster": _modify_cluster,
    "SetTerminationProtection": _create_setter("TerminationProtected", "termination_protected"),
    "SetKeepJobFlowAliveWhenNoSteps": _create_setter("KeepJobFlowAliveWhenNoSteps", "keep_alive"),
    "SetVisibleToAllUsers": _create_setter("VisibleToAllUsers", "visible_to_all_users"),
    "SetUnhealthyNodeReplacement": _create_setter("UnhealthyNodeReplacement", "unhealthy_node_replacement"),
    "AddTags": _add_tags,
    "RemoveTags": _remove_tags,
    "ListBootstrapActions": _list_bootstrap_actions,
}

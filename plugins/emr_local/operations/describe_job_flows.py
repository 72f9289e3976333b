"""DescribeJobFlows, the deprecated operation with state names of its own that old clients still call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emr_local.operations.calls import Call, Operation
from emr_local.operations.responses.cluster import find_primary_name
from emr_local.operations.responses.shapes import copy_members, omit_missing
from emr_local.resources.records import ClusterRecord, ClusterState, JobFlow, Json, ReasonCode, StepRecord, StepState

_MAX_JOB_FLOWS = 512


def _describe_job_flows(call: Call) -> Json:
    wanted = call.parameters
    ids, states = wanted.get("JobFlowIds"), wanted.get("JobFlowStates")
    after, before = wanted.get("CreatedAfter", float("-inf")), wanted.get("CreatedBefore", float("inf"))
    flows = [call.require_job_flow(each) for each in ids] if ids else list(reversed(call.store.list_flows()))
    chosen = [
        flow
        for flow in flows
        if after <= flow.cluster.created_at <= before and (not states or _find_legacy_state(flow.cluster) in states)
    ]
    return {"JobFlows": [_describe_job_flow(flow) for flow in chosen[:_MAX_JOB_FLOWS]]}


def _find_legacy_state(cluster: ClusterRecord) -> str:
    if cluster.state is ClusterState.TERMINATING:
        return "SHUTTING_DOWN"
    if cluster.state is ClusterState.TERMINATED_WITH_ERRORS or cluster.reason_code is ReasonCode.STEP_FAILURE:
        return "FAILED"
    if cluster.state is ClusterState.TERMINATED and cluster.reason_code is ReasonCode.ALL_STEPS_COMPLETED:
        return "COMPLETED"
    return cluster.state.value


def _describe_job_flow(flow: JobFlow) -> dict[str, Any]:
    cluster = flow.cluster
    request = cluster.request
    return {
        "JobFlowId": cluster.cluster_id,
        "Name": cluster.name,
        "ExecutionStatusDetail": omit_missing(
            State=_find_legacy_state(cluster),
            CreationDateTime=cluster.created_at,
            StartDateTime=cluster.ready_at,
            ReadyDateTime=cluster.ready_at,
            EndDateTime=cluster.ended_at,
            LastStateChangeReason=cluster.reason_message,
        ),
        "Instances": _describe_instances(cluster),
        "Steps": [_describe_step(step) for step in flow.steps],
        "BootstrapActions": [{"BootstrapActionConfig": each} for each in request.get("BootstrapActions", [])],
        "SupportedProducts": [],
        "VisibleToAllUsers": cluster.visible_to_all_users,
        **copy_members(request, "LogUri", "JobFlowRole", "ServiceRole", "AutoScalingRole", "ScaleDownBehavior"),
    }


def _describe_instances(cluster: ClusterRecord) -> dict[str, Any]:
    primary_id = next(each.collection_id for each in cluster.collections if each.role == "MASTER")
    primary = next(node for node in cluster.nodes if node.collection_id == primary_id)
    others = [node for node in cluster.nodes if node.collection_id != primary_id]
    return omit_missing(
        MasterInstanceType=primary.instance_type,
        MasterInstanceId=primary.ec2_id,
        MasterPublicDnsName=find_primary_name(cluster),
        SlaveInstanceType=(others or [primary])[0].instance_type,
        InstanceCount=len(cluster.nodes),
        NormalizedInstanceHours=0,
        KeepJobFlowAliveWhenNoSteps=cluster.keep_alive,
        TerminationProtected=cluster.termination_protected,
        **copy_members(cluster.request["Instances"], "Ec2KeyName", "Ec2SubnetId", "Placement"),
    )


def _describe_step(step: StepRecord) -> dict[str, Any]:
    jar_step = omit_missing(
        Jar=step.jar,
        MainClass=step.main_class,
        Args=list(step.args),
        Properties=[{"Key": key, "Value": value} for key, value in step.properties.items()],
    )
    return {
        "StepConfig": {"Name": step.name, "ActionOnFailure": step.action_on_failure, "HadoopJarStep": jar_step},
        "ExecutionStatusDetail": omit_missing(
            State=StepState.RUNNING if step.state is StepState.CANCEL_PENDING else step.state,
            CreationDateTime=step.created_at,
            StartDateTime=step.started_at,
            EndDateTime=step.ended_at,
            LastStateChangeReason=step.failure_reason,
        ),
    }


OPERATIONS: Mapping[str, Operation] = {"DescribeJobFlows": _describe_job_flows}

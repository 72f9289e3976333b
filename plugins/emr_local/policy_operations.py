"""The operations on a cluster's policies: idle termination and managed scaling (kept and shown; nothing is scaled here)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emr_local.api_errors import validation_failure
from emr_local.calls import Call, Operation
from emr_local.cluster_requests import read_idle_timeout
from emr_local.records import Json


def _put_auto_termination_policy(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    seconds = read_idle_timeout(call.parameters.get("AutoTerminationPolicy", {}))
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
    limits = policy.get("ComputeLimits")
    if limits and limits["MinimumCapacityUnits"] > limits["MaximumCapacityUnits"]:
        raise validation_failure("MinimumCapacityUnits must be less than or equal to MaximumCapacityUnits.")
    call.store.save_flow(replace(flow, cluster=replace(flow.cluster, managed_scaling=policy)))
    return {}


def _get_managed_scaling_policy(call: Call) -> Json:
    policy = call.require_cluster().cluster.managed_scaling
    return {} if policy is None else {"ManagedScalingPolicy": policy}


def _remove_managed_scaling_policy(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    call.store.save_flow(replace(flow, cluster=replace(flow.cluster, managed_scaling=None)))
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "PutAutoTerminationPolicy": _put_auto_termination_policy,
    "GetAutoTerminationPolicy": _get_auto_termination_policy,
    "RemoveAutoTerminationPolicy": _remove_auto_termination_policy,
    "PutManagedScalingPolicy": _put_managed_scaling_policy,
    "GetManagedScalingPolicy": _get_managed_scaling_policy,
    "RemoveManagedScalingPolicy": _remove_managed_scaling_policy,
}

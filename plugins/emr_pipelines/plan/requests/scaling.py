"""The scaling policies of a RunJobFlow body: managed scaling of the cluster, automatic scaling of a group. Pure."""

from __future__ import annotations

from typing import Any

from emr_pipelines.pipeline_spec.models.scaling import AutoScalingSpec, ManagedScalingSpec, ScalingRuleSpec
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.plan.requests.parts import given

_UNITS = {"instances": "Instances", "vcpu": "VCPU"}
_EMR_NAMESPACE = "AWS/ElasticMapReduce"
# EMR puts the cluster's own id in this place; `$${` is a literal `${` in a plan.
_THIS_CLUSTER = {"JobFlowId": "$${emr.clusterId}"}


def managed_scaling_policy(scaling: ManagedScalingSpec, *, fleets: bool) -> dict[str, Any]:
    """The ManagedScalingPolicy."""
    limits = {
        "UnitType": "InstanceFleetUnits" if fleets else _UNITS[scaling.unit or "instances"],
        "MinimumCapacityUnits": scaling.minimum,
        "MaximumCapacityUnits": scaling.maximum,
        "MaximumOnDemandCapacityUnits": scaling.maximum_on_demand,
        "MaximumCoreCapacityUnits": scaling.maximum_core,
    }
    index = scaling.utilization_index
    advanced = {} if index is None else {"ScalingStrategy": "ADVANCED", "UtilizationPerformanceIndex": index}
    return {"ComputeLimits": given(limits), **advanced}


def auto_scaling_policy(scaling: AutoScalingSpec) -> dict[str, Any]:
    """The AutoScalingPolicy of a group."""
    return {
        "Constraints": {"MinCapacity": scaling.minimum, "MaxCapacity": scaling.maximum},
        "Rules": [_rule(rule) for rule in scaling.rules],
    }


def _rule(rule: ScalingRuleSpec) -> dict[str, Any]:
    action = _adjustment(rule) | given({"CoolDown": rule.cooldown and seconds_of(rule.cooldown)})
    request = {
        "Name": rule.name,
        "Description": rule.description,
        "Action": {"SimpleScalingPolicyConfiguration": action},
        "Trigger": {"CloudWatchAlarmDefinition": _alarm(rule)},
    }
    return given(request)


def _adjustment(rule: ScalingRuleSpec) -> dict[str, Any]:
    if rule.exact is not None:
        return {"AdjustmentType": "EXACT_CAPACITY", "ScalingAdjustment": rule.exact}
    if rule.change_percent is not None:
        return {"AdjustmentType": "PERCENT_CHANGE_IN_CAPACITY", "ScalingAdjustment": rule.change_percent}
    return {"AdjustmentType": "CHANGE_IN_CAPACITY", "ScalingAdjustment": rule.change}


def _alarm(rule: ScalingRuleSpec) -> dict[str, Any]:
    namespace = rule.namespace or _EMR_NAMESPACE
    defaults = _THIS_CLUSTER if namespace == _EMR_NAMESPACE else {}
    dimensions = defaults if rule.dimensions is None else rule.dimensions
    alarm = {
        "MetricName": rule.metric,
        "Namespace": namespace,
        "ComparisonOperator": rule.comparison.upper(),
        "Threshold": rule.threshold,
        "Statistic": rule.statistic.upper(),
        "Unit": rule.unit and rule.unit.upper(),
        "Period": seconds_of(rule.period),
        "EvaluationPeriods": rule.evaluations,
        "Dimensions": [{"Key": key, "Value": value} for key, value in sorted(dimensions.items())],
    }
    return given(alarm)

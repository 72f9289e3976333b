"""Rules about scaling: managed scaling of the cluster and automatic scaling of its groups. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.scaling import AutoScalingSpec, ScalingRuleSpec
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.rules.cluster.capacity import parts_of

_MANAGED: Path = ("cluster", "managed_scaling")
_EMR_PERIOD_SECONDS = 300
_PERIOD_STEP_SECONDS = 60
_ADJUSTMENTS = ("change", "change_percent", "exact")


def check_managed_scaling(context: Context) -> Iterator[RuleViolation]:
    """The limits of managed scaling fit together, and fleets count in their own units."""
    limits = context.spec.cluster.managed_scaling
    if limits is None:
        return
    for key in ("minimum", "maximum_on_demand", "maximum_core"):
        value = getattr(limits, key)
        if value is not None and value > limits.maximum:
            yield RuleViolation(
                path=(*_MANAGED, key),
                message=f"{key} {value} is above maximum {limits.maximum}",
                fix=f"Write at most {limits.maximum}.",
            )
    fleet = next((name for _, name, part in parts_of(context) if part.instances is not None), None)
    if limits.unit is not None and fleet:
        message = f"unit {limits.unit}, but {fleet} is a fleet, whose limits count capacity units"
        yield RuleViolation(path=(*_MANAGED, "unit"), message=message, fix="Remove unit.", at_key=True)


def check_one_scaling(context: Context) -> Iterator[RuleViolation]:
    """EMR scales a cluster itself or lets its groups scale by rules, and the primary node never."""
    for path, name, part in parts_of(context):
        if part.autoscaling is None:
            continue
        if name == "primary":
            message = "autoscaling of the primary node, whose number never changes"
            yield RuleViolation(
                path=(*path, "autoscaling"), message=message, fix="Move it to core or task.", at_key=True
            )
        if context.spec.cluster.managed_scaling is not None:
            message = f"{name} has autoscaling beside the managed_scaling of the cluster; EMR takes one of them"
            fix = "Remove one of them; managed_scaling: null takes away that of the environment."
            yield RuleViolation(path=(*path, "autoscaling"), message=message, fix=fix, at_key=True)


def check_auto_scaling(context: Context) -> Iterator[RuleViolation]:
    """The bounds of a group's scaling hold its number of instances, and its rules have names of their own."""
    for path, name, part in parts_of(context):
        if part.autoscaling is not None:
            inner = (*path, "autoscaling")
            yield from _check_bounds(inner, name, part.count or 1, part.autoscaling)
            yield from _check_names(inner, part.autoscaling)
            for index, rule in enumerate(part.autoscaling.rules):
                if not context.is_broken((*inner, "rules", index)):
                    yield from _check_rule((*inner, "rules", index), rule)


def _check_bounds(path: Path, name: str, count: int, scaling: AutoScalingSpec) -> Iterator[RuleViolation]:
    if scaling.minimum > scaling.maximum:
        message = f"minimum {scaling.minimum} is above maximum {scaling.maximum}"
        yield RuleViolation(path=(*path, "minimum"), message=message, fix=f"Write at most {scaling.maximum}.")
    elif not scaling.minimum <= count <= scaling.maximum:
        message = (
            f"{name} begins with {count}, which is not from minimum {scaling.minimum} to maximum {scaling.maximum}"
        )
        yield RuleViolation(path=path, message=message, fix="Change the bounds, or the count of the group.")


def _check_names(path: Path, scaling: AutoScalingSpec) -> Iterator[RuleViolation]:
    seen: set[str] = set()
    for index, rule in enumerate(scaling.rules):
        if rule.name in seen:
            message = f"two rules are named {rule.name!r}"
            yield RuleViolation(
                path=(*path, "rules", index, "name"), message=message, fix="Give each a name of its own."
            )
        seen.add(rule.name)


def _check_rule(path: Path, rule: ScalingRuleSpec) -> Iterator[RuleViolation]:
    given = [key for key in _ADJUSTMENTS if getattr(rule, key) is not None]
    if len(given) != 1:
        message = f"the rule {rule.name!r} has {' and '.join(given) or 'nothing to do'}"
        yield RuleViolation(path=path, message=message, fix="Write exactly one of change, change_percent and exact.")
    elif getattr(rule, given[0]) == 0 and given[0] != "exact":
        message = f"the rule {rule.name!r} changes nothing"
        yield RuleViolation(path=(*path, given[0]), message=message, fix="Write a number above or below 0.")
    yield from _check_period((*path, "period"), rule)


def _check_period(path: Path, rule: ScalingRuleSpec) -> Iterator[RuleViolation]:
    seconds = seconds_of(rule.period)
    if rule.namespace in (None, "AWS/ElasticMapReduce") and seconds != _EMR_PERIOD_SECONDS:
        message = f"a period of {rule.period}, but EMR writes its metrics every 5m"
        yield RuleViolation(path=path, message=message, fix="Write 5m, or leave period out.")
    elif seconds % _PERIOD_STEP_SECONDS:
        message = f"a period of {rule.period} is not a whole number of minutes"
        yield RuleViolation(path=path, message=message, fix="Write whole minutes, for example 1m.")

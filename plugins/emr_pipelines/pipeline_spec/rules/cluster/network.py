"""Rules about where a cluster lies: subnets, availability zones, security groups. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.rules.cluster.capacity import parts_of

_CLUSTER: Path = ("cluster",)
_SUBNETS: Path = (*_CLUSTER, "subnets")
_ZONES: Path = (*_CLUSTER, "availability_zones")
_GROUPS: Path = (*_CLUSTER, "security_groups")


def check_subnets(context: Context) -> Iterator[RuleViolation]:
    """Subnets are named once. Groups lie in one: they take the first of the environment's list, but a pipeline does not write more than that."""
    subnets = context.spec.cluster.subnets or []
    for index, subnet in enumerate(subnets):
        if subnet in subnets[:index]:
            yield RuleViolation(path=(*_SUBNETS, index), message=f"{subnet} is here twice", fix="Remove one of them.")
    is_own = context.document.mark(_SUBNETS).file == context.document.file
    group = _first_group(context)
    if len(subnets) > 1 and group and is_own:
        message = f"{len(subnets)} subnets, but {group} is a group, and EMR puts groups into one subnet"
        yield RuleViolation(
            path=_SUBNETS, message=message, fix="Keep one subnet, or write fleets, which choose among several."
        )


def check_zones(context: Context) -> Iterator[RuleViolation]:
    """A cluster has subnets or availability zones; groups lie in one zone."""
    zones = context.spec.cluster.availability_zones or []
    if zones and context.spec.cluster.subnets:
        message = "availability_zones beside subnets, each of which lies in a zone already"
        fix = "Keep the subnets, or write subnets: null to take away those of the environment."
        yield RuleViolation(path=_ZONES, message=message, fix=fix, at_key=True)
    group = _first_group(context)
    if len(zones) > 1 and group:
        message = f"{len(zones)} availability zones, but {group} is a group, and EMR puts groups into one zone"
        yield RuleViolation(
            path=_ZONES, message=message, fix="Keep one zone, or write fleets, which choose among several."
        )


def check_security_groups(context: Context) -> Iterator[RuleViolation]:
    """The managed security groups of primary and of core nodes are given together."""
    groups = context.spec.cluster.security_groups
    if groups is None:
        return
    for key, other in (("primary", "core"), ("core", "primary")):
        if getattr(groups, key) and context.is_absent((*_GROUPS, other)):
            message = f"a security group of {key} without one of {other}; EMR takes both or none"
            fix = f"Add {other}, or write additional_{key} for a further group beside EMR's own."
            yield RuleViolation(path=(*_GROUPS, key), message=message, fix=fix, at_key=True)


def _first_group(context: Context) -> str | None:
    return next((name for _, name, part in parts_of(context) if part.instance is not None), None)

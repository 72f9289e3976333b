"""Rules about the parts of a cluster: instance fleets and instance groups. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.capacity import CapacitySpec
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.pipeline_spec.reading.document import Path, value_at
from emr_pipelines.pipeline_spec.reading.overlay import FLEET_KEYS, GROUP_KEYS, PARTS, has_any

_SPOT_TIMEOUT_SECONDS = (5 * 60, 1440 * 60)
_PRIMARY_COUNTS = (1, 3)


def check_one_form(context: Context) -> Iterator[RuleViolation]:
    """A part is a fleet or a group, and all parts are the same."""
    first: tuple[str, str] | None = None
    for path, name, _ in parts_of(context):
        raw = value_at(context.value, path) or {}
        fleet_keys = [key for key in FLEET_KEYS if key in raw]
        group_keys = [key for key in GROUP_KEYS if key in raw]
        if fleet_keys and group_keys:
            message = f"keys of a fleet ({', '.join(fleet_keys)}) beside keys of a group ({', '.join(group_keys)})"
            yield RuleViolation(
                path=path,
                message=message,
                fix="Keep instances, on_demand and spot for a fleet, or instance, count and market for a group.",
            )
            continue
        form = "fleet" if fleet_keys else "group" if group_keys else None
        if form and first and form != first[1]:
            message = f"{name} is a {form} but {first[0]} is a {first[1]}; EMR takes fleets only or groups only"
            yield RuleViolation(
                path=path,
                message=message,
                fix="Write all parts with instances (fleets), or all with instance (groups).",
            )
        if form and not first:
            first = (name, form)


def check_types_given(context: Context) -> Iterator[RuleViolation]:
    """A part says which instance types it is made of."""
    for path, name, _ in parts_of(context):
        raw = value_at(context.value, path) or {}
        if not context.is_absent((*path, "instances")) or not context.is_absent((*path, "instance")):
            continue
        if has_any(raw, FLEET_KEYS) or not has_any(raw, GROUP_KEYS):
            yield RuleViolation(
                path=path,
                message=f"{name} names no instance types",
                fix="Add instances: [m5.xlarge] for a fleet, or instance: m5.xlarge for a group.",
            )
        else:
            yield RuleViolation(
                path=path, message=f"the group {name} names no instance type", fix="Add instance: m5.xlarge."
            )


def check_primary(context: Context) -> Iterator[RuleViolation]:
    """A primary fleet has one unit; a primary group has one node, or three for high availability."""
    primary = context.spec.cluster.primary
    if primary is None:
        return
    path: Path = ("cluster", "primary")
    if primary.count is not None and primary.count not in _PRIMARY_COUNTS:
        yield RuleViolation(
            path=(*path, "count"), message=f"{primary.count} primary nodes", fix="Write 1, or 3 for high availability."
        )
    capacity = (primary.on_demand or 0) + (primary.spot or 0)
    is_given = primary.on_demand is not None or primary.spot is not None
    if is_given and capacity != 1 and not context.is_broken(path):
        key = "on_demand" if primary.on_demand is not None else "spot"
        yield RuleViolation(
            path=(*path, key),
            message=f"a primary fleet of {capacity} units",
            fix="Write on_demand: 1, or spot: 1; its capacity is exactly 1.",
        )


def check_fleet_capacity(context: Context) -> Iterator[RuleViolation]:
    """A core or task fleet has capacity."""
    for path, name, part in parts_of(context):
        is_given = any(not context.is_absent((*path, key)) for key in ("on_demand", "spot"))
        if (
            part.instances
            and name != "primary"
            and not (part.on_demand or part.spot)
            and (not is_given or not context.is_broken(path))
        ):
            yield RuleViolation(
                path=path,
                message=f"the fleet {name} has no capacity",
                fix="Add on_demand or spot with a number from 1.",
            )


def check_spot(context: Context) -> Iterator[RuleViolation]:
    """What is said about spot capacity goes with spot capacity, and EMR waits for it from 5 minutes to 24 hours."""
    least, most = _SPOT_TIMEOUT_SECONDS
    for path, name, part in parts_of(context):
        if part.spot_timeout and not least <= seconds_of(part.spot_timeout) <= most:
            yield RuleViolation(
                path=(*path, "spot_timeout"),
                message=f"{part.spot_timeout} is out of range",
                fix="Write from 5m to 1440m (24h).",
            )
        for key in ("spot_timeout", "fallback"):
            if getattr(part, key) and not part.spot and context.is_absent((*path, "spot")):
                yield RuleViolation(
                    path=(*path, key),
                    message=f"{key}, but {name} has no spot capacity",
                    fix=f"Add spot with a number, or remove {key}.",
                    at_key=True,
                )
        if part.bid_price and part.market != "spot":
            yield RuleViolation(
                path=(*path, "bid_price"),
                message="bid_price, but the group is not bought as spot",
                fix="Add market: spot, or remove bid_price.",
                at_key=True,
            )


def check_types_unique(context: Context) -> Iterator[RuleViolation]:
    """A fleet names each instance type once."""
    for path, name, part in parts_of(context):
        seen: set[str] = set()
        for index, instance in enumerate(part.instances or []):
            instance_type = instance if isinstance(instance, str) else instance.type
            if instance_type in seen:
                yield RuleViolation(
                    path=(*path, "instances", index),
                    message=f"{instance_type} is twice in the fleet {name}",
                    fix="Remove one of them.",
                )
            seen.add(instance_type)


def parts_of(context: Context) -> Iterator[tuple[Path, str, CapacitySpec]]:
    """Each part of the cluster that there is, with its path and its name."""
    for name in PARTS:
        part = getattr(context.spec.cluster, name)
        if part is not None:
            yield ("cluster", name), name, part

"""Rules about the options of instance fleets: weights, prices, priorities, capacity reservations, resizing. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.capacity import CapacityReservationSpec, CapacitySpec, WeightedInstance
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.rules.cluster.capacity import parts_of

_RESIZE_SECONDS = (5 * 60, 7 * 86400)


def check_instances(context: Context) -> Iterator[RuleViolation]:
    """A type has one price cap, and the primary node counts for one unit."""
    for path, name, part in parts_of(context):
        for inner, instance in _weighted(path, part):
            if instance.max_price is not None and instance.max_price_percent is not None:
                yield RuleViolation(
                    path=(*inner, "max_price"),
                    message=f"{instance.type} has max_price and max_price_percent",
                    fix="Keep one of them.",
                    at_key=True,
                )
            if name == "primary" and instance.weight != 1:
                yield RuleViolation(
                    path=(*inner, "weight"),
                    message=f"a weight of {instance.weight} in the primary fleet, whose capacity is exactly 1",
                    fix="Remove weight.",
                )


def check_priorities(context: Context) -> Iterator[RuleViolation]:
    """Priorities go with an allocation strategy that reads them."""
    for path, name, part in parts_of(context):
        given = [inner for inner, instance in _weighted(path, part) if instance.priority is not None]
        key = _prioritized_key(part)
        if given and key is None:
            yield RuleViolation(
                path=(*given[0], "priority"),
                message=f"a priority, but no allocation strategy of {name} reads it",
                fix="Add on_demand_allocation: prioritized or allocation: capacity-optimized-prioritized, or remove priority.",
                at_key=True,
            )
        elif key is not None and part.instances and not given:
            yield RuleViolation(
                path=(*path, *key),
                message=f"a strategy by priority, but no type of {name} has one",
                fix="Add priorities: {type: m5.xlarge, priority: 0}; 0 comes first.",
            )


def check_reservations(context: Context) -> Iterator[RuleViolation]:
    """Capacity reservations are open ones, those of a resource group, or none."""
    for path, reservation in _reservations(context):
        if reservation.preference is not None and reservation.resource_group is not None:
            yield RuleViolation(
                path=(*path, "preference"),
                message="both a preference and a resource_group of capacity reservations",
                fix="Keep resource_group for targeted reservations, or preference: open.",
                at_key=True,
            )
        if reservation.use_first and reservation.preference == "none":
            yield RuleViolation(
                path=(*path, "use_first"),
                message="use_first, but preference none keeps out of all reservations",
                fix="Write preference: open, or remove use_first.",
                at_key=True,
            )


def check_resize(context: Context) -> Iterator[RuleViolation]:
    """EMR looks for more capacity from 5 minutes to 7 days."""
    least, most = _RESIZE_SECONDS
    for path, _, part in parts_of(context):
        for key in ("spot_timeout", "on_demand_timeout"):
            timeout = getattr(part.resize, key, None)
            if timeout is not None and not least <= seconds_of(timeout) <= most:
                yield RuleViolation(
                    path=(*path, "resize", key), message=f"{timeout} is out of range", fix="Write from 5m to 7d."
                )


def _weighted(path: Path, part: CapacitySpec) -> Iterator[tuple[Path, WeightedInstance]]:
    for index, instance in enumerate(part.instances or []):
        if isinstance(instance, WeightedInstance):
            yield (*path, "instances", index), instance


def _prioritized_key(part: CapacitySpec) -> Path | None:
    """Where the part chooses by priority, if it does."""
    choices: dict[Path, str | None] = {
        ("on_demand_allocation",): part.on_demand_allocation,
        ("allocation",): part.allocation,
    }
    if part.resize is not None:
        choices["resize", "on_demand_allocation"] = part.resize.on_demand_allocation
        choices["resize", "allocation"] = part.resize.allocation
    return next((key for key, value in choices.items() if value and value.endswith("prioritized")), None)


def _reservations(context: Context) -> Iterator[tuple[Path, CapacityReservationSpec]]:
    for path, _, part in parts_of(context):
        owners = ((path, part), ((*path, "resize"), part.resize))
        for inner, owner in owners:
            if owner is not None and owner.capacity_reservation is not None:
                yield (*inner, "capacity_reservation"), owner.capacity_reservation

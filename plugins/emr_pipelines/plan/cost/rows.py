"""A cost estimate as rows of text, for whoever prints it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.plan.cost.estimate import CostEstimate, PartCost
from emr_pipelines.plan.cost.ranges import Range, total_of

COST_COLUMNS = ("part", "instances", "EC2", "EMR fee", "EBS", "an hour", "on demand instead")
_CENTS_FROM = 1.0
_ESTIMATED = "≈ "


def cost_rows(estimate: CostEstimate) -> tuple[tuple[str, ...], ...]:
    """A row for each part of the cluster, in the order of COST_COLUMNS; none for a long-running cluster."""
    return tuple(_part_row(part) for part in estimate.parts)


def cost_summary(estimate: CostEstimate) -> tuple[tuple[str, str], ...]:
    """Labels and texts: the sums, what they leave out, and the source and date of every price."""
    return tuple(_summary(estimate))


def range_text(amount: Range, *, estimated: bool = False) -> str:
    """A range as people read it; with a sign where an estimate is among the prices."""
    mark = _ESTIMATED if estimated else ""
    if amount.high is None:
        return f"at least {mark}{_dollars(amount.low)}"
    low, high = _dollars(amount.low), _dollars(amount.high)
    if not amount.low_is_known:
        return f"at most {mark}{high}"
    return f"{mark}{low}" if low == high else f"{mark}{low} to {high}"


def _dollars(amount: float) -> str:
    small = round(amount, 3)
    return f"${small:.3f}" if 0 < small < _CENTS_FROM else f"${amount:,.2f}"


def _part_row(part: PartCost) -> tuple[str, ...]:
    markets = " or ".join(market.replace("_", " ") for market in part.markets)
    guess = part.fee_is_estimated
    return (
        f"{part.part}, {markets}",
        _instances(part),
        range_text(part.ec2),
        range_text(part.emr_fee, estimated=guess),
        range_text(part.ebs),
        range_text(part.per_hour, estimated=guess),
        "" if part.on_demand_instead is None else range_text(part.on_demand_instead, estimated=guess),
    )


def _instances(part: PartCost) -> str:
    """The cheapest and the dearest choice of instances."""
    low, high = (
        " + ".join(f"{count} {name}" for name, count in chosen) or "none"
        for chosen in (part.low_instances, part.high_instances)
    )
    return low if low == high else f"{low} to {high}"


def _summary(estimate: CostEstimate) -> Iterator[tuple[str, str]]:
    yield "where", f"AWS, {estimate.region}, US dollars"
    if estimate.per_hour is not None:
        yield "an hour", _sum_text(estimate, estimate.per_hour)
        yield from _fallback(estimate)
        yield "a run", _run_text(estimate)
    if estimate.total is not None and estimate.runs != 1:
        yield f"{estimate.runs:,} runs", _sum_text(estimate, estimate.total)
    if estimate.missing:
        fix = "`emr-pipelines prices refresh` asks AWS, or write them in config/prices.json."
        yield "without a price", f"{', '.join(estimate.missing)}. {fix}"
    yield from (("note", note) for note in estimate.notes)
    yield from (("source", f"{one.what}: {one.source}, as of {one.as_of}") for one in estimate.sources)


def _fallback(estimate: CostEstimate) -> Iterator[tuple[str, str]]:
    instead = [part.on_demand_instead for part in estimate.parts if part.falls_back and part.on_demand_instead]
    if instead:
        other = [part.per_hour for part in estimate.parts if not part.falls_back]
        yield "an hour without spot capacity", _sum_text(estimate, total_of((*instead, *other)))


def _run_text(estimate: CostEstimate) -> str:
    if estimate.per_run is not None:
        given = "as asked" if estimate.duration_source == "option" else "the spec's expected_duration"
        return f"{_sum_text(estimate, estimate.per_run)} for {_hours(estimate.hours)} ({given})"
    bound = ""
    if estimate.at_most is not None and estimate.at_most.high is not None:
        end = f"at most ${estimate.at_most.high:,.2f}, when it lives for all its max_lifetime"
        bound = f"; {end} of {_hours(estimate.max_lifetime_hours)}"
    return f"not known without its duration: give --hours, or expected_duration in the spec{bound}"


def _sum_text(estimate: CostEstimate, amount: Range) -> str:
    return range_text(amount, estimated=any(part.fee_is_estimated for part in estimate.parts))


def _hours(hours: float | None) -> str:
    return f"{hours or 0:g} h" if (hours or 0) >= 1 else f"{(hours or 0) * 60:g} min"

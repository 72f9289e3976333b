"""Estimates what a plan's cluster costs on AWS: per hour, per run, and for a number of runs. Pure: prices are passed in, and nothing is guessed in their place."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

from emr_pipelines.plan.cost.choice import PriceNode, choose_instances
from emr_pipelines.plan.cost.demand import Demand, Market, Share, counts_vcpus, demands_of, root_volume
from emr_pipelines.plan.cost.node_price import NodePrice, PriceSource, price_node
from emr_pipelines.plan.cost.prices import PriceTable
from emr_pipelines.plan.cost.ranges import UNKNOWN, Range, total_of
from emr_pipelines.plan.model import Plan

_HOUR = 3600
# EC2, EBS and EMR bill by the second, at least a minute.
_LEAST_SECONDS = 60
DurationSource = Literal["option", "expected_duration", "unknown"]
_Item = TypeVar("_Item", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCost:
    """What a part of the cluster costs in an hour. The instances are those of the cheapest and of the dearest choice among its types.

    `on_demand_instead`: what a part with spot capacity costs when all of it is bought on demand, which `falls_back` says EMR will do without spot capacity.
    """

    part: str
    markets: tuple[Market, ...]
    units: tuple[int, int]
    low_instances: tuple[tuple[str, int], ...]
    high_instances: tuple[tuple[str, int], ...]
    ec2: Range
    emr_fee: Range
    ebs: Range
    per_hour: Range
    on_demand_instead: Range | None = None
    falls_back: bool = False
    fee_is_estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """What a pipeline costs on AWS, in US dollars, with the sources of all prices.

    `per_run` and `total` (of all `runs`) are None where nobody said how long a run takes; `at_most` is what the cluster's greatest lifetime costs.
    `missing` names what has no price, so that every sum is only a least one; `notes` are sentences on what else the numbers do not tell.
    """

    region: str
    parts: tuple[PartCost, ...] = ()
    per_hour: Range | None = None
    hours: float | None = None
    duration_source: DurationSource = "unknown"
    per_run: Range | None = None
    runs: int = 1
    total: Range | None = None
    max_lifetime_hours: float | None = None
    at_most: Range | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[PriceSource, ...] = ()


def estimate_cost(plan: Plan, prices: PriceTable, *, hours: float | None = None, runs: int = 1) -> CostEstimate:
    """The cost of `runs` runs of `hours` each; without `hours`, of the spec's expected duration."""
    region, request = plan.connection.region, plan.cluster.request
    if request is None:
        used = plan.cluster.existing_id or plan.cluster.existing_name
        note = f"The long-running cluster {used} costs the same with and without this pipeline, which has no cost of its own."
        return CostEstimate(region=region, runs=runs, notes=(note,))
    price = partial(price_node, prices=prices, region=region, root=root_volume(request))
    demands = demands_of(request)
    nodes = [node for demand in demands for node in _nodes_of(demand, price)]
    parts = tuple(_part_cost(demand, price) for demand in demands)
    per_hour = total_of(part.per_hour for part in parts)
    if not parts or counts_vcpus(request):
        per_hour = per_hour.until(UNKNOWN)
    estimate = CostEstimate(
        region=region,
        parts=parts,
        per_hour=per_hour,
        runs=runs,
        missing=_distinct(name for node in nodes for name in node.missing),
        notes=tuple(_notes(plan, parts, nodes)),
        sources=_distinct(source for node in nodes for source in node.sources),
    )
    return _with_lifetime(_with_duration(estimate, plan, hours), plan)


def _part_cost(demand: Demand, price: PriceNode) -> PartCost:
    low = choose_instances(demand.low, price, dearest=False)
    high = choose_instances(demand.high, price, dearest=True)
    return PartCost(
        part=demand.part,
        markets=demand.markets,
        units=(_units(demand.low), _units(demand.high)),
        low_instances=low.instances,
        high_instances=high.instances,
        ec2=low.ec2.until(high.ec2),
        emr_fee=low.fee.until(high.fee),
        ebs=low.ebs.until(high.ebs),
        per_hour=low.per_hour.until(high.per_hour),
        on_demand_instead=_cost_on_demand(demand, price) if "spot" in demand.markets else None,
        falls_back=demand.falls_back,
        fee_is_estimated=any(node.fee_is_estimated for node in _nodes_of(demand, price)),
    )


def _cost_on_demand(demand: Demand, price: PriceNode) -> Range:
    low, high = ([replace(share, market="on_demand") for share in side] for side in (demand.low, demand.high))
    cheapest = choose_instances(low, price, dearest=False).per_hour
    return cheapest.until(choose_instances(high, price, dearest=True).per_hour)


def _units(shares: Iterable[Share]) -> int:
    return sum(share.units for share in shares)


def _nodes_of(demand: Demand, price: PriceNode) -> Iterator[NodePrice]:
    """Every instance that the part may have."""
    for share in (*demand.low, *demand.high):
        if share.units:
            yield from (price(offer, share.market) for offer in share.offers)


def _with_duration(estimate: CostEstimate, plan: Plan, hours: float | None) -> CostEstimate:
    source: DurationSource = "option"
    if hours is None and plan.expected_duration_seconds is not None:
        hours, source = plan.expected_duration_seconds / _HOUR, "expected_duration"
    if hours is None or estimate.per_hour is None:
        return estimate
    per_run = _cost_of_hours(estimate.per_hour, hours)
    total = per_run.times(estimate.runs)
    return replace(estimate, hours=hours, duration_source=source, per_run=per_run, total=total)


def _with_lifetime(estimate: CostEstimate, plan: Plan) -> CostEstimate:
    seconds = plan.cluster.max_lifetime_seconds
    if seconds is None or estimate.per_hour is None:
        return estimate
    hours = seconds / _HOUR
    return replace(estimate, max_lifetime_hours=hours, at_most=_cost_of_hours(estimate.per_hour, hours))


def _cost_of_hours(per_hour: Range, hours: float) -> Range:
    return per_hour.times(max(_LEAST_SECONDS, math.ceil(hours * _HOUR)) / _HOUR)


def _notes(plan: Plan, parts: Sequence[PartCost], nodes: Sequence[NodePrice]) -> Iterator[str]:
    if plan.connection.endpoint_url is not None:
        yield f"These are prices on AWS; the environment {plan.environment} runs at {plan.connection.endpoint_url} and costs nothing there."
    if not parts:
        yield "The request names neither fleets nor groups of instances, so that its cost is not known."
    if counts_vcpus(plan.cluster.request or {}):
        yield "Managed scaling has its limits in vCPUs; the prices are those of the cluster as it starts."
    unknown = sorted({node.instance_type for node in nodes if node.spot_is_unknown})
    if unknown:
        yield f"There is no spot price of {', '.join(unknown)}; they cost at most the on-demand price or what is bid. `emr-pipelines prices refresh` asks AWS."
    estimated = sorted({node.instance_type for node in nodes if node.fee_is_estimated})
    if estimated:
        yield f"EMR's fee for {', '.join(estimated)} is an estimate: a quarter of the on-demand price, and for families up to the fifth generation perhaps no more than $0.27."


def _distinct(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))

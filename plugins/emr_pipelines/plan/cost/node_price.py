"""What one instance of a cluster costs in an hour: EC2, EMR's fee, and EBS. Pure; what has no price is named and never made up."""

from __future__ import annotations

import re
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.catalog.instance_types import find_instance_type
from emr_pipelines.plan.cost.demand import Market, Offer, Volume
from emr_pipelines.plan.cost.prices import Price, PriceTable, SpotPrice
from emr_pipelines.plan.cost.ranges import NOTHING, UNKNOWN, Range, total_of

# AWS bills a GB-month as 30 days of 24 hours.
_HOURS_OF_MONTH = 30 * 24
# The volumes that EMR adds, from release 5.22, to types without disks: 64 GB for each step of xlarge.
_GB_OF_XLARGE = 64
_GB_OF_OTHER_SIZES = {"medium": 32, "large": 32}
_GB_OF_METAL = 512
# Which of the two EMR takes depends on the release.
_DEFAULT_VOLUME_TYPES = ("gp2", "gp3")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PriceSource:
    """Who gave prices of a kind, and when."""

    what: str
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePrice:
    """The price of one instance for an hour. `missing` names what has no price; `spot_is_unknown`: only its upper end is known."""

    instance_type: str
    weight: int
    ec2: Range
    fee: Range
    ebs: Range
    spot_is_unknown: bool = False
    fee_is_estimated: bool = False
    missing: tuple[str, ...] = ()
    sources: tuple[PriceSource, ...] = ()


def price_node(offer: Offer, market: Market, *, prices: PriceTable, region: str, root: Volume) -> NodePrice:
    """The price of an instance of an offer in a region."""
    name = offer.instance_type
    on_demand, fee = prices.on_demand(region, name), prices.emr_fee(region, name)
    spot = prices.spot(region, name) if market == "spot" else None
    volume_prices = {kind: prices.ebs(region, kind) for kind in _volume_types(offer)}
    ec2 = _range_of(on_demand) if market == "on_demand" else _spot_range(offer, spot, on_demand)
    missing = [f"the {market.replace('_', '-')} price of {name}"] if ec2.high is None else []
    missing += [f"the EMR fee of {name}"] if fee is None else []
    missing += _missing_volumes(offer, root, volume_prices)
    used = [("spot", spot), ("on demand", on_demand), ("EMR fee", None if fee and fee.estimated else fee)]
    used += [("EBS", price) for price in volume_prices.values()]
    return NodePrice(
        instance_type=name,
        weight=offer.weight,
        ec2=ec2,
        fee=_range_of(fee),
        ebs=_ebs_range(offer, root, volume_prices),
        spot_is_unknown=market == "spot" and spot is None,
        fee_is_estimated=fee is not None and fee.estimated,
        missing=tuple(missing),
        sources=tuple(PriceSource(what=what, as_of=one.as_of, source=one.source) for what, one in used if one),
    )


def _range_of(price: Price | None) -> Range:
    return UNKNOWN if price is None else Range(low=price.low, high=price.high)


def _spot_range(offer: Offer, spot: SpotPrice | None, on_demand: Price | None) -> Range:
    """A spot instance never costs more than was bid, which is the on-demand price unless the spec says otherwise."""
    bid = offer.highest_bid
    if bid is None and on_demand is not None:
        bid = on_demand.high * offer.highest_share
    if spot is None:
        return Range(low=0.0, high=bid, low_is_known=bid is None)
    high = spot.high if bid is None else min(spot.high, bid)
    return Range(low=min(spot.low, high), high=high)


def _volume_types(offer: Offer) -> tuple[str, ...]:
    own = tuple(volume.volume_type for volume in offer.volumes or ())
    return tuple(dict.fromkeys((*own, *_DEFAULT_VOLUME_TYPES)))


def _missing_volumes(offer: Offer, root: Volume, prices: dict[str, Price | None]) -> list[str]:
    missing = [
        f"EBS volumes of type {volume.volume_type}"
        for volume in offer.volumes or ()
        if prices[volume.volume_type] is None
    ]
    if all(prices[kind] is None for kind in _DEFAULT_VOLUME_TYPES):
        missing.append("the EBS volumes that EMR adds")
    faster = {volume.volume_type for volume in (root, *(offer.volumes or ())) if volume.is_faster}
    return missing + [f"the extra IOPS and throughput of {kind} volumes" for kind in sorted(faster)]


def _ebs_range(offer: Offer, root: Volume, prices: dict[str, Price | None]) -> Range:
    defaults = [price for kind in _DEFAULT_VOLUME_TYPES if (price := prices[kind]) is not None]
    low = min((price.low for price in defaults), default=0.0)
    high = max((price.high for price in defaults), default=None)
    per_gb = Range(low=low, high=high).times(1 / _HOURS_OF_MONTH)
    system = _volume_range(root, per_gb)
    if offer.volumes is None:
        return system.plus(_added_volumes(offer.instance_type, per_gb))
    own = (
        _volume_range(volume, _range_of(prices[volume.volume_type]).times(1 / _HOURS_OF_MONTH))
        for volume in offer.volumes
    )
    return total_of((system, *own))


def _added_volumes(instance_type: str, per_gb: Range) -> Range:
    known = find_instance_type(instance_type)
    if known is not None and known.local_storage_gb:
        return NOTHING
    added = per_gb.times(_default_gb(instance_type))
    return added if known is not None else NOTHING.until(added)


def _default_gb(instance_type: str) -> int:
    size = instance_type.partition(".")[2]
    steps = re.fullmatch(r"([0-9]*)xlarge", size)
    return _GB_OF_XLARGE * int(steps[1] or 1) if steps else _GB_OF_OTHER_SIZES.get(size, _GB_OF_METAL)


def _volume_range(volume: Volume, per_gb: Range) -> Range:
    base = per_gb.times(volume.size_gb * volume.count)
    return Range(low=base.low, high=None) if volume.is_faster else base

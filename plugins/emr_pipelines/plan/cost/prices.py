"""Finds the price of a thing among dated price lists, with its source. Pure: the lists are passed in, and what no list holds has no price."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from emr_pipelines.pipeline_spec.catalog.price_data import (
    PriceFile,
    PriceKind,
    PriceListSpec,
    SpotListSpec,
    SpotRangeSpec,
)

EMR_FEE_SHARE = 0.25
# Third parties say that the fee for a large type stops here in the families up to the fifth generation (m5d.8xlarge and larger: 0.27).
EMR_FEE_CAP = 0.27
_LAST_CAPPED_GENERATION = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars, as a range where they vary. `estimated` says that a rule and no source gave them."""

    low: float
    high: float
    source: str
    as_of: str
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotPrice:
    """What spot capacity of a type cost during the days that were looked at, over all availability zones."""

    low: float
    high: float
    zones: tuple[tuple[str, SpotRangeSpec], ...]
    source: str
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Price lists in the order in which they hold."""

    price_lists: tuple[PriceListSpec, ...] = ()
    spot_lists: tuple[SpotListSpec, ...] = ()

    def on_demand(self, region: str, instance_type: str) -> Price | None:
        """The price of an instance for an hour, without EMR's fee."""
        return self._find("on_demand", region, instance_type)

    def emr_fee(self, region: str, instance_type: str) -> Price | None:
        """EMR's fee for an hour of an instance; where no list has it, an estimate from the on-demand price."""
        listed = self._find("emr_fee", region, instance_type)
        on_demand = self.on_demand(region, instance_type)
        if listed is not None or on_demand is None:
            return listed
        fee = on_demand.high * EMR_FEE_SHARE
        low = min(fee, EMR_FEE_CAP) if _generation(instance_type) <= _LAST_CAPPED_GENERATION else fee
        source = f"estimate: {EMR_FEE_SHARE:.0%} of the on-demand price"
        return replace(on_demand, low=low, high=fee, source=source, estimated=True)

    def ebs(self, region: str, volume_type: str) -> Price | None:
        """The price of a GB of a volume for a month."""
        return self._find("ebs", region, volume_type)

    def spot(self, region: str, instance_type: str) -> SpotPrice | None:
        """The prices of an hour of an instance as spot capacity."""
        for one in self.spot_lists:
            zones = one.prices.get(instance_type) if one.region == region else None
            if zones:
                return SpotPrice(
                    low=min(zone.minimum for zone in zones.values()),
                    high=max(zone.maximum for zone in zones.values()),
                    zones=tuple(sorted(zones.items())),
                    source=one.source,
                    as_of=one.as_of.isoformat(),
                )
        return None

    def _find(self, what: PriceKind, region: str, name: str) -> Price | None:
        for one in self.price_lists:
            if (one.what, one.region) == (what, region) and name in one.prices:
                amount = one.prices[name]
                return Price(low=amount, high=amount, source=one.source, as_of=one.as_of.isoformat())
        return None


def price_table(files: Iterable[PriceFile]) -> PriceTable:
    """The table of several files; an earlier one holds before a later one."""
    known = tuple(files)
    return PriceTable(
        price_lists=tuple(one for file in known for one in file.price_lists),
        spot_lists=tuple(one for file in known for one in file.spot_lists),
    )


def merge_prices(known: PriceFile, new: PriceFile, *, refreshed: Sequence[str]) -> PriceFile:
    """`known` with the prices of `new`.

    Lists whose source is not among `refreshed` were written by people: they stay as they are and hold first. Of the others stays what `new` has no price of.
    """
    own = [one for one in known.price_lists if one.source not in refreshed]
    own_spot = [one for one in known.spot_lists if one.source not in refreshed]
    older = [_without(one, new.price_lists) for one in known.price_lists if one.source in refreshed]
    older_spot = [_without_spot(one, new.spot_lists) for one in known.spot_lists if one.source in refreshed]
    return PriceFile(
        currency=known.currency,
        price_lists=[one for one in (*own, *new.price_lists, *older) if one.prices],
        spot_lists=[one for one in (*own_spot, *new.spot_lists, *older_spot) if one.prices],
    )


def _without(known: PriceListSpec, new: Iterable[PriceListSpec]) -> PriceListSpec:
    replaced = {name for one in new if (one.what, one.region) == (known.what, known.region) for name in one.prices}
    kept = {name: price for name, price in known.prices.items() if name not in replaced}
    return known.model_copy(update={"prices": kept})


def _without_spot(known: SpotListSpec, new: Iterable[SpotListSpec]) -> SpotListSpec:
    replaced = {name for one in new if one.region == known.region for name in one.prices}
    kept = {name: zones for name, zones in known.prices.items() if name not in replaced}
    return known.model_copy(update={"prices": kept})


def _generation(instance_type: str) -> int:
    """The 6 of m6i.xlarge; 0 for a name of another form."""
    found = re.match(r"[a-z]+([0-9]+)", instance_type)
    return int(found[1]) if found else 0

"""Known prices as data for programs and as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Column, Table

from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.plan.cost.prices import Price, PriceTable


def shown_prices(
    prices: PriceTable, region: str, types: Sequence[str], volume_types: Sequence[str]
) -> list[dict[str, Any]]:
    """One entry for each thing and kind of price; without a price, its amounts are None."""
    shown = []
    for name in types:
        shown.append(_entry(name, "on demand, an hour", prices.on_demand(region, name)))
        shown.append(_entry(name, "EMR fee, an hour", prices.emr_fee(region, name)))
        spot = prices.spot(region, name)
        zones = {zone: amounts.model_dump() for zone, amounts in spot.zones} if spot else {}
        price = Price(low=spot.low, high=spot.high, source=spot.source, as_of=spot.as_of) if spot else None
        shown.append(_entry(name, "spot, an hour", price) | {"zones": zones})
    return shown + [_entry(name, "EBS, a GB and month", prices.ebs(region, name)) for name in volume_types]


def _entry(name: str, what: str, price: Price | None) -> dict[str, Any]:
    return {
        "name": name,
        "what": what,
        "low": price.low if price else None,
        "high": price.high if price else None,
        "estimated": price is not None and price.estimated,
        "as_of": price.as_of if price else None,
        "source": price.source if price else None,
    }


def price_table_of(region: str, shown: Sequence[dict[str, Any]]) -> Table:
    """The prices as a table."""
    columns = [Column(name, overflow="fold") for name in ("name", "price", "US dollars", "as of", "source")]
    rows = ((one["name"], one["what"], _amount(one), one["as_of"] or "-", one["source"] or "-") for one in shown)
    return text_table(*columns, rows=rows, title=f"Prices in {region}", title_justify="left", expand=False)


def _amount(one: dict[str, Any]) -> str:
    if one["low"] is None:
        return "not known"
    text = f"{one['low']:g}" if one["low"] == one["high"] else f"{one['low']:g} to {one['high']:g}"
    return f"estimated {text}" if one["estimated"] else text

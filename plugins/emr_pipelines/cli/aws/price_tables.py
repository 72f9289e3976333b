"""Known prices as data for programs and as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.plan.cost.prices import Price, PriceTable

# What a price is for, as `--json` says it.
HOURLY = ON_DEMAND, EMR_FEE, SPOT = "on demand, an hour", "EMR fee, an hour", "spot, an hour"
VOLUME = "EBS, a GB and month"
_HEADERS = tuple(what.partition(",")[0] for what in HOURLY)


def shown_prices(
    prices: PriceTable, region: str, types: Sequence[str], volume_types: Sequence[str]
) -> list[dict[str, Any]]:
    """One entry for each thing and kind of price; without a price, its amounts are None."""
    shown = []
    for name in types:
        shown.append(_entry(name, ON_DEMAND, prices.on_demand(region, name)))
        shown.append(_entry(name, EMR_FEE, prices.emr_fee(region, name)))
        spot = prices.spot(region, name)
        zones = {zone: amounts.model_dump() for zone, amounts in spot.zones} if spot else {}
        price = Price(low=spot.low, high=spot.high, source=spot.source, as_of=spot.as_of) if spot else None
        shown.append(_entry(name, SPOT, price) | {"zones": zones})
    return shown + [_entry(name, VOLUME, prices.ebs(region, name)) for name in volume_types]


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


def price_tables_of(region: str, shown: Sequence[dict[str, Any]]) -> list[Table | Text]:
    """The prices as people read them: a row for each type, its kinds of price side by side, and each source once, below."""
    notes: dict[tuple[str, str], int] = {}
    by_type: dict[str, dict[str, str]] = {}
    for one in shown:
        by_type.setdefault(one["name"], {})[one["what"]] = _amount(one, notes)
    volumes = [(name, cells[VOLUME]) for name, cells in by_type.items() if VOLUME in cells]
    instances = [(name, *(cells[what] for what in HOURLY)) for name, cells in by_type.items() if HOURLY[0] in cells]
    tables = [
        _table(f"An hour of an instance in {region}, US dollars", ("type", *_HEADERS), instances),
        _table("EBS, a GB and month", ("volume", "price"), volumes),
    ]
    sources = [Text(f"[{number}] {source}, as of {as_of}") for (source, as_of), number in notes.items()]
    return [*(one for one in tables if one.row_count), *sources]


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    return text_table(*columns, rows=rows, title=title, title_justify="left", expand=False)


def _amount(one: dict[str, Any], notes: dict[tuple[str, str], int]) -> str:
    if one["low"] is None:
        return "not known"
    text = f"{one['low']:g}" if one["low"] == one["high"] else f"{one['low']:g} to {one['high']:g}"
    number = notes.setdefault((one["source"], one["as_of"]), len(notes) + 1)
    return f"{'≈ ' if one['estimated'] else ''}{text} [{number}]"

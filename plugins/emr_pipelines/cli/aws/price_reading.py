"""Reads prices from AWS: the price list, and the history of spot prices. The clients are passed in; nothing is written."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any

from emr_pipelines.pipeline_spec.catalog.price_data import (
    PriceFile,
    PriceKind,
    PriceListSpec,
    SpotListSpec,
    SpotRangeSpec,
)

PRICE_LIST_SOURCE = "AWS Price List API (Linux, shared tenancy)"
SPOT_DAYS = 7
SPOT_SOURCE = f"EC2 DescribeSpotPriceHistory, the {SPOT_DAYS} days before"
REFRESHED_SOURCES = (PRICE_LIST_SOURCE, SPOT_SOURCE)
_EC2, _EMR = "AmazonEC2", "ElasticMapReduce"
_INSTANCE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}
_FEE = {"productFamily": "Elastic Map Reduce Instance", "softwareType": "EMR"}
_VOLUME = {"productFamily": "Storage"}
# The second name is that of the time when EC2 had networks besides VPC.
_SPOT_PRODUCTS = ("Linux/UNIX", "Linux/UNIX (Amazon VPC)")
# How the units of these prices begin: Hrs, and GB-Mo or GB-month.
_UNITS: dict[PriceKind, str] = {"on_demand": "h", "emr_fee": "h", "ebs": "gb-mo"}


def read_price_lists(
    pricing: Any, region: str, types: Sequence[str], volume_types: Sequence[str], *, today: dt.date
) -> PriceFile:
    """On-demand prices and EMR's fees of the types, and the prices of the volume types, as far as AWS lists them."""
    found: dict[PriceKind, dict[str, float]] = {"on_demand": {}, "emr_fee": {}, "ebs": {}}
    for name in types:
        wanted = {"regionCode": region, "instanceType": name}
        _keep(found["on_demand"], name, _amounts(pricing, _EC2, {**wanted, **_INSTANCE}, "on_demand"))
        _keep(found["emr_fee"], name, _amounts(pricing, _EMR, {**wanted, **_FEE}, "emr_fee"))
    for name in volume_types:
        wanted = {"regionCode": region, "volumeApiName": name}
        _keep(found["ebs"], name, _amounts(pricing, _EC2, {**wanted, **_VOLUME}, "ebs"))
    return PriceFile(
        currency="USD",
        price_lists=[
            PriceListSpec(what=what, region=region, as_of=today, source=PRICE_LIST_SOURCE, prices=prices)
            for what, prices in found.items()
            if prices
        ],
    )


def read_spot_prices(ec2: Any, region: str, types: Sequence[str], *, now: dt.datetime) -> PriceFile:
    """What spot capacity of the types cost in each availability zone in the last days."""
    pages = ec2.get_paginator("describe_spot_price_history").paginate(
        InstanceTypes=list(types),
        ProductDescriptions=list(_SPOT_PRODUCTS),
        StartTime=now - dt.timedelta(days=SPOT_DAYS),
        EndTime=now,
    )
    seen: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for entry in (entry for page in pages for entry in page["SpotPriceHistory"]):
        seen[entry["InstanceType"]][entry["AvailabilityZone"]].append(float(entry["SpotPrice"]))
    prices = {
        name: {zone: _range_of(amounts) for zone, amounts in sorted(zones.items())}
        for name, zones in sorted(seen.items())
    }
    spot = SpotListSpec(region=region, as_of=now.date(), source=SPOT_SOURCE, prices=prices)
    return PriceFile(currency="USD", spot_lists=[spot] if prices else [])


def _range_of(amounts: Sequence[float]) -> SpotRangeSpec:
    return SpotRangeSpec(minimum=min(amounts), median=median(amounts), maximum=max(amounts))


def _keep(prices: dict[str, float], name: str, amounts: Iterable[float]) -> None:
    """Keep the price of a thing. Where AWS lists several, that of most kinds of use is not known, and there is none."""
    different = set(amounts)
    if len(different) == 1:
        prices[name] = different.pop()


def _amounts(pricing: Any, service: str, wanted: dict[str, str], what: PriceKind) -> Iterator[float]:
    """Every price in US dollars above 0 of the products that fit."""
    filters: Any = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    for page in pricing.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters):
        for product in page["PriceList"]:
            for dimension in _dimensions(json.loads(product)):
                amount = float(dimension.get("pricePerUnit", {}).get("USD", 0))
                if amount > 0 and str(dimension.get("unit")).lower().startswith(_UNITS[what]):
                    yield amount


def _dimensions(product: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        yield from term.get("priceDimensions", {}).values()

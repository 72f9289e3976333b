"""Files of prices: what is read is what was written, and a mistake is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from emr_pipelines.errors import SpecError
from emr_pipelines.pipeline_spec.catalog.price_data import (
    PriceFile,
    price_file_text,
    read_package_prices,
    read_prices,
    read_project_prices,
)
from emr_pipelines.plan.cost.prices import merge_prices, price_table


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path


def write(root: Path, text: str) -> None:
    (root / "config" / "prices.json").write_text(text)


def list_of(source: str, region: str = "us-east-1", **prices: float) -> PriceFile:
    named = {name.replace("_", "."): price for name, price in prices.items()}
    one = {"what": "on_demand", "region": region, "as_of": "2026-02-03", "source": source, "prices": named}
    return PriceFile.model_validate({"currency": "USD", "price_lists": [one]})


def test_a_project_without_the_file_has_the_packages_prices(root: Path) -> None:
    price = price_table(read_prices(root)).on_demand("us-east-1", "m5.xlarge")
    assert price is not None
    assert (price.low, price.as_of) == (0.192, "2026-01-19")


def test_a_projects_prices_hold_before_the_packages(root: Path) -> None:
    write(root, price_file_text(list_of("our contract", m5_xlarge=0.15)))
    prices = price_table(read_prices(root))
    assert prices.on_demand("us-east-1", "m5.xlarge").source == "our contract"
    assert prices.on_demand("us-east-1", "m5.2xlarge").low == 0.384


def test_what_is_written_is_read_again(root: Path) -> None:
    write(root, price_file_text(read_package_prices()))
    assert read_project_prices(root) == read_package_prices()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"currency": "EUR"}', "config/prices.json:1:14: currency:"),
        ('{"currency": "USD",\n "price_lists": [\n  {"what": "on_demand"}]}', "config/prices.json:3"),
        ('{"currency": "USD",\n "prise_lists": []}', "price_lists"),
        ('{"currency": "USD"', "config/prices.json:1"),
        (price_file_text(list_of("x", m5_xlarge=0.1)).replace("0.1", "-0.1"), "price_lists.0.prices.m5.xlarge"),
        (price_file_text(list_of("x")).replace("2026-02-03", "yesterday"), "'yesterday' is not a date"),
    ],
)
def test_a_mistake_is_told_with_its_place(root: Path, text: str, told: str) -> None:
    write(root, text)
    with pytest.raises(SpecError) as error:
        read_project_prices(root)
    assert told in str(error.value)


def test_merging_keeps_what_people_wrote_first_and_replaces_what_was_refreshed() -> None:
    known = PriceFile(
        currency="USD",
        price_lists=[
            *list_of("AWS", m5_xlarge=0.1, c5_xlarge=0.2).price_lists,
            *list_of("AWS", region="eu-west-1", m5_xlarge=0.3).price_lists,
            *list_of("our contract", m5_xlarge=0.05).price_lists,
        ],
    )
    merged = merge_prices(known, list_of("AWS", m5_xlarge=0.4), refreshed=["AWS"])
    found = [(one.source, one.region, one.prices) for one in merged.price_lists]
    assert found == [
        ("our contract", "us-east-1", {"m5.xlarge": 0.05}),
        ("AWS", "us-east-1", {"m5.xlarge": 0.4}),
        ("AWS", "us-east-1", {"c5.xlarge": 0.2}),
        ("AWS", "eu-west-1", {"m5.xlarge": 0.3}),
    ]

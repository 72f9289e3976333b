"""Dated prices: those of the package, and those of a project's config/prices.json. Reads these two files; knows neither today nor AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from emr_pipelines.errors import Problem, SpecError
from emr_pipelines.pipeline_spec.models.base import Date, Model, Text
from emr_pipelines.pipeline_spec.notation import forms
from emr_pipelines.pipeline_spec.project_files.project import relative_name
from emr_pipelines.pipeline_spec.reading.document import Document
from emr_pipelines.pipeline_spec.reading.document import Path as ValuePath
from emr_pipelines.pipeline_spec.reading.source import read_source
from emr_pipelines.pipeline_spec.reading.validation import validate_document

# Where a project keeps prices of its own, from its root.
PRICES_FILE = Path("config") / "prices.json"
PriceKind = Literal["on_demand", "emr_fee", "ebs"]
_Dollars = Annotated[float, Field(ge=0)]


class PriceListSpec(Model):
    """Prices of one kind in one region that have a source and a date in common."""

    what: PriceKind = Field(
        description="on_demand and emr_fee: by instance type, per hour; ebs: by volume type, per GB and month."
    )
    region: str = Field(pattern=forms.REGION, description="AWS region, for example us-east-1.")
    as_of: Date = Field(description="The day on which the source gave these prices.")
    source: Text = Field(description="Who says so, in words that are printed with every estimate.")
    prices: dict[Text, _Dollars] = Field(description="US dollars by instance type or volume type.")


class SpotRangeSpec(Model):
    """What spot capacity of one type cost in one availability zone during the days that were looked at, per hour."""

    minimum: _Dollars
    median: _Dollars
    maximum: _Dollars


class SpotListSpec(Model):
    """Spot prices of one region that have a source and a date in common."""

    region: str = Field(pattern=forms.REGION, description="AWS region, for example us-east-1.")
    as_of: Date = Field(description="The last day that was looked at.")
    source: Text = Field(description="Who says so, in words that are printed with every estimate.")
    prices: dict[Text, dict[Text, SpotRangeSpec]] = Field(
        description="US dollars by instance type and availability zone."
    )


class PriceFile(Model):
    """A file of prices. Where two lists have a price of the same thing, the earlier list holds."""

    currency: Literal["USD"] = Field(description="US dollars; other currencies are not converted.")
    price_lists: list[PriceListSpec] = Field(default=[], description="Prices that stand still.")
    spot_lists: list[SpotListSpec] = Field(default=[], description="Prices of spot capacity.")


@lru_cache(maxsize=1)
def read_package_prices() -> PriceFile:
    """The prices that the package brings."""
    return PriceFile.model_validate(json.loads(files(__package__).joinpath("price_data.json").read_text("utf-8")))


def read_project_prices(project_root: Path) -> PriceFile:
    """The prices in a project's config/prices.json; empty without the file. Raises SpecError with all problems of the file."""
    file = project_root / PRICES_FILE
    if not file.exists():
        return PriceFile(currency="USD")
    document, text_problems = read_source(file, relative_name(file, project_root))
    validated = validate_document(PriceFile, document, _fallback)
    problems = [*text_problems, *validated.problems, *_find_reversed(document, validated.model)]
    if problems:
        raise SpecError(problems)
    return validated.model


def _find_reversed(document: Document, prices: PriceFile) -> Iterator[Problem]:
    """A range of spot prices runs from the least to the greatest."""
    for index, listed in enumerate(prices.spot_lists):
        for name, zones in listed.prices.items():
            for zone, found in zones.items():
                if not found.minimum <= found.median <= found.maximum:
                    message = f"minimum {found.minimum}, median {found.median}, maximum {found.maximum} do not rise"
                    path = ("spot_lists", index, "prices", name, zone)
                    yield document.problem(path, message, "Put them in order.", rule="prices")


def read_prices(project_root: Path) -> tuple[PriceFile, ...]:
    """All prices that hold for a project: its own before those of the package."""
    return read_project_prices(project_root), read_package_prices()


def price_file_text(prices: PriceFile) -> str:
    """The prices as the text of a file that `read_project_prices` reads."""
    return json.dumps(prices.model_dump(mode="json"), indent=2) + "\n"


def _fallback(path: ValuePath) -> Any:
    return "USD" if path == ("currency",) else None

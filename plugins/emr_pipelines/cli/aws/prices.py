"""`emr-pipelines prices refresh|show`: asks AWS for the prices that the project's estimates need, and shows those that are known."""

from __future__ import annotations

import datetime as dt
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from emr_pipelines.cli.aws.price_reading import REFRESHED_SOURCES, read_price_lists, read_spot_prices
from emr_pipelines.cli.aws.price_tables import price_tables_of, shown_prices
from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages, price_list_client, spot_client
from emr_pipelines.cli.project.options import EnvironmentOption, Project, load_project
from emr_pipelines.cli.project.plans import all_plans
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.file_writing import writing
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.catalog.price_data import (
    PRICES_FILE,
    PriceFile,
    price_file_text,
    read_prices,
    read_project_prices,
)
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.notation.forms import INSTANCE_TYPE, REGION
from emr_pipelines.plan.cost.demand import Offer, demands_of
from emr_pipelines.plan.cost.prices import merge_prices, price_table

# What EMR adds to each instance by itself.
_ADDED_VOLUME_TYPES = ("gp2", "gp3")


class PricesAction(StrEnum):
    """What to do with prices."""

    REFRESH = "refresh"
    SHOW = "show"


def prices_command(
    action: Annotated[PricesAction, typer.Argument(help="refresh: ask AWS; show: print what is known.")],
    env: EnvironmentOption = None,
    region: Annotated[str | None, typer.Option(help="Another region than the environment's.")] = None,
    types: Annotated[
        str | None,
        typer.Option(
            help="Instance types, separated by commas; default: those that the pipelines use in the environment."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Refresh or show the prices behind the cost that `plan` prints. Refreshed ones are kept in config/prices.json.

    Example: emr-pipelines prices show --types m5.xlarge,m7g.2xlarge
    """
    project = load_project(env)
    where = _parse_region(region) if region else project.environment.region
    offers = list(_offers_of(project)) if types is None else [Offer(instance_type=name) for name in _parse_types(types)]
    names = sorted({offer.instance_type for offer in offers})
    volumes = sorted(
        {volume.volume_type for offer in offers for volume in offer.volumes or ()} | {*_ADDED_VOLUME_TYPES}
    )
    if action is PricesAction.REFRESH:
        _refresh(project, where, names, volumes)
    shown = shown_prices(price_table(read_prices(project.root)), where, names, volumes)
    if as_json:
        print_json({"region": where, "prices": shown})
    else:
        console = plain_console()
        for part in price_tables_of(where, shown):
            console.print(part, soft_wrap=isinstance(part, Text))


def _offers_of(project: Project) -> Iterator[Offer]:
    """Every instance type, with its volumes, that a pipeline of the project may use."""
    for plan in all_plans(project):
        for demand in demands_of(plan.cluster.request or {}):
            yield from (offer for share in (*demand.low, *demand.high) for offer in share.offers)


def _parse_types(text: str) -> Sequence[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not re.fullmatch(INSTANCE_TYPE, name):
            raise EmrPipelinesError(f"--types: {name!r} is no instance type; write them as m5.xlarge,r6g.2xlarge")
    return names


def _parse_region(text: str) -> str:
    if not re.fullmatch(REGION, text):
        raise EmrPipelinesError(f"--region {text!r} is no AWS region; the form is us-east-1")
    return text


def _refresh(project: Project, region: str, types: Sequence[str], volume_types: Sequence[str]) -> None:
    environment = project.environment
    if environment.connection.endpoint_url is not None:
        raise EmrPipelinesError(
            f"The environment {environment.name} has its endpoint at {environment.connection.endpoint_url}, which knows no prices. "
            "Choose one on AWS with --env; its credentials need pricing:GetProducts and ec2:DescribeSpotPriceHistory"
        )
    if not types:
        raise EmrPipelinesError("No pipeline of the project has a cluster of its own; name instance types with --types")
    known = read_project_prices(project.root)
    new = _ask_aws(environment, region, types, volume_types)
    merged = known
    for one in new:
        merged = merge_prices(merged, one, refreshed=REFRESHED_SOURCES)
    with writing(project.root / PRICES_FILE):
        _write_whole(project.root / PRICES_FILE, price_file_text(merged))
    typer.echo(f"Wrote {PRICES_FILE.as_posix()}", err=True)


def _ask_aws(
    environment: EnvironmentSpec, region: str, types: Sequence[str], volume_types: Sequence[str]
) -> tuple[PriceFile, PriceFile]:
    now = dt.datetime.now(dt.UTC)
    with aws_errors_as_messages(environment):
        pricing, ec2 = price_list_client(environment, region), spot_client(environment, region)
        lists = read_price_lists(pricing, region, types, volume_types, today=now.date())
        return lists, read_spot_prices(ec2, region, types, now=now)


def _write_whole(file: Path, text: str) -> None:
    """Write a file so that whoever reads it sees the old text or the new one, and nothing between."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as stream:
        written = Path(stream.name)
        try:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
            # A temporary file is its owner's alone; this one is the project's.
            written.chmod(0o644)
            written.replace(file)
        except BaseException:
            written.unlink()
            raise

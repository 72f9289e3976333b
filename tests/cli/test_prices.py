"""`emr-pipelines prices`: asks a price list and moto's EC2 over real HTTP, and keeps what they say."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy, copytree
from typing import Any

import pytest
import typer
from moto.server import ThreadedMotoServer
from tests.cli.json_schemas import check_output
from tests.cli.price_list_server import PriceList, emr_fee, instance, serving, volume
from typer.testing import CliRunner, Result

from emr_pipelines.cli.aws.prices import prices_command
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.catalog.price_data import read_project_prices

PLAN_TESTS = Path(__file__).parents[1] / "plan"
TODAY = dt.datetime.now(dt.UTC).date()
Run = Callable[..., Result]
OFFERED = [
    # On a page of its own before the page with the price.
    instance("m5.2xlarge", "0.0000000000"),
    instance("m5.2xlarge", "0.5000"),
    # Neither of these is what a node of a cluster costs.
    instance("m5.2xlarge", "0.9", operatingSystem="Windows"),
    instance("m5.2xlarge", "0.7", tenancy="Dedicated"),
    instance("m5.2xlarge", "0.6", regionCode="eu-west-1"),
    # Two prices of one thing: which of them holds is not known.
    instance("m6i.xlarge", "0.2", operation="RunInstances"),
    instance("m6i.xlarge", "0.3", operation="RunInstances:0100"),
    emr_fee("m5.2xlarge", "0.1100"),
    emr_fee("m5.2xlarge", "0.2200", softwareType="MapR"),
    volume("gp3", "0.0800"),
]


@pytest.fixture(scope="module")
def ec2_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def price_list() -> Iterator[PriceList]:
    with serving(PriceList(products=OFFERED)) as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    copytree(PLAN_TESTS / "project", root)
    (root / "config" / "pipelines").mkdir()
    for environment in root.glob("config/environments/aws.yaml"):
        environment.write_text(environment.read_text().replace("eu-central-1", "us-east-1"))
    return root


@pytest.fixture
def run(folder: Path, price_list: PriceList, ec2_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The verb, with the addresses of AWS replaced as botocore's own variables allow."""
    monkeypatch.chdir(folder)
    settings = {
        "AWS_ENDPOINT_URL_PRICING": price_list.url,
        "AWS_ENDPOINT_URL_EC2": ec2_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "EMR_PIPELINES_ENV": "aws",
        "COLUMNS": "250",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    app = typer.Typer()
    app.command()(prices_command)

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        check_output(["prices", *arguments], result.stdout)
        return result

    return invoke


def prices_in(folder: Path, what: str) -> dict[str, Any]:
    return {
        name: price
        for one in read_project_prices(folder).price_lists
        if one.what == what
        for name, price in one.prices.items()
    }


def test_refresh_keeps_the_prices_of_a_linux_node_with_day_and_source(
    run: Run, folder: Path, price_list: PriceList
) -> None:
    result = run("refresh", "--types", "m5.2xlarge")
    assert result.exit_code == 0, result.output
    assert prices_in(folder, "on_demand") == {"m5.2xlarge": 0.5}
    assert prices_in(folder, "emr_fee") == {"m5.2xlarge": 0.11}
    assert prices_in(folder, "ebs") == {"gp3": 0.08}
    for one in read_project_prices(folder).price_lists:
        assert (one.as_of, one.source, one.region) == (
            TODAY,
            "AWS Price List API (Linux, shared tenancy)",
            "us-east-1",
        )
    assert price_list.pages > 4, "the products of an instance came on several pages"
    assert not price_list.throttles, "a throttled question is asked again"


def test_refresh_keeps_spot_prices_by_zone(run: Run, folder: Path) -> None:
    """moto knows the zones that offer a type, each at one price."""
    assert run("refresh", "--types", "m5.2xlarge").exit_code == 0
    (spot,) = read_project_prices(folder).spot_lists
    assert (spot.as_of, spot.region) == (TODAY, "us-east-1")
    zones = spot.prices["m5.2xlarge"]
    assert {"us-east-1a", "us-east-1b"} <= set(zones)
    assert {(zone.minimum, zone.median, zone.maximum) for zone in zones.values()} == {(0.00001, 0.00001, 0.00001)}


def test_two_prices_of_one_type_are_no_price(run: Run, folder: Path) -> None:
    assert run("refresh", "--types", "m6i.xlarge").exit_code == 0
    assert prices_in(folder, "on_demand") == {}


def test_refresh_asks_for_the_types_and_volumes_of_all_pipelines(run: Run, folder: Path) -> None:
    copy(PLAN_TESTS / "good" / "word_clouds.yaml", folder / "config" / "pipelines")
    shown = json.loads(run("show", "--json").output)
    names = {one["name"] for one in shown["prices"]}
    assert {"m5.xlarge", "m5.2xlarge", "m5a.2xlarge", "gp2", "gp3"} <= names
    assert run("refresh").exit_code == 0
    assert prices_in(folder, "on_demand") == {"m5.2xlarge": 0.5}


def test_what_a_person_wrote_stays_and_holds_before_what_aws_says(run: Run, folder: Path) -> None:
    own = {
        "what": "on_demand",
        "region": "us-east-1",
        "as_of": "2026-01-01",
        "source": "our contract",
        "prices": {"m5.2xlarge": 0.31},
    }
    (folder / "config" / "prices.json").write_text(json.dumps({"currency": "USD", "price_lists": [own]}))
    assert run("refresh", "--types", "m5.2xlarge").exit_code == 0
    shown = json.loads(run("show", "--types", "m5.2xlarge", "--json").output)["prices"]
    on_demand = next(one for one in shown if one["what"].startswith("on demand"))
    assert (on_demand["low"], on_demand["source"]) == (0.31, "our contract")


def test_a_second_refresh_replaces_the_first(run: Run, folder: Path, price_list: PriceList) -> None:
    assert run("refresh", "--types", "m5.2xlarge").exit_code == 0
    price_list.products = [instance("m5.2xlarge", "0.4500"), instance("m5.xlarge", "0.22")]
    assert run("refresh", "--types", "m5.2xlarge,m5.xlarge").exit_code == 0
    assert prices_in(folder, "on_demand") == {"m5.2xlarge": 0.45, "m5.xlarge": 0.22}
    assert prices_in(folder, "emr_fee") == {"m5.2xlarge": 0.11}, "what AWS says no more stays with its day"


def test_a_refusal_of_aws_is_a_message_and_leaves_the_file(run: Run, folder: Path, price_list: PriceList) -> None:
    assert run("refresh", "--types", "m5.2xlarge").exit_code == 0
    before = (folder / "config" / "prices.json").read_bytes()
    price_list.refuses = True
    result = run("refresh", "--types", "m5.2xlarge")
    assert isinstance(result.exception, EmrPipelinesError)
    assert "pricing:GetProducts" in str(result.exception)
    assert (folder / "config" / "prices.json").read_bytes() == before
    assert [file.name for file in (folder / "config").iterdir() if file.is_file()] == ["prices.json"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("refresh", "--env", "local"), "http://127.0.0.1:5566, which knows no prices"),
        (("refresh",), "name instance types with --types"),
        (("refresh", "--types", "m5.2xlarge,big"), "'big' is no instance type"),
        (("show", "--types", "m5.xlarge", "--region", "Virginia"), "'Virginia' is no AWS region"),
    ],
)
def test_what_cannot_be_asked_is_said(run: Run, arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, EmrPipelinesError)
    assert message in str(result.exception)


def test_show_prints_what_is_known_and_what_is_not(run: Run) -> None:
    output = run("show", "--types", "m6g.xlarge,m9x.large").output
    rows = [[cell.strip() for cell in line.split("│")] for line in output.splitlines()]
    known = next(row for row in rows if row[1:2] == ["m6g.xlarge"])
    unknown = next(row for row in rows if row[1:2] == ["m9x.large"])
    sources = {line.partition(" ")[0]: line for line in output.splitlines() if line.startswith("[")}
    (amount, note), (mark, fee, estimate) = known[2].split(), known[3].split()
    assert (amount, mark, fee) == ("0.154", "≈", "0.0385")
    assert sources[note].endswith(", as of 2026-01-19")
    assert "estimate: 25% of the on-demand price" in sources[estimate]
    assert unknown[2:5] == ["not known"] * 3
    assert len(set(sources.values())) == len(sources)

"""`emr-pipelines infra` as a person runs it, against emr_local."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.cli.command_line import run_tool

ClientFor = Callable[..., Any]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config" / "pipelines").mkdir(parents=True)
    return tmp_path


def test_up_show_down(root: Path, client_for: ClientFor, emr_url: str) -> None:
    subnet = client_for("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    place = ("--env", "sandbox", "--region", "us-east-1", "--endpoint-url", emr_url)
    made = run_tool(root, "infra", "up", *place, "--subnet", subnet)
    assert made.returncode == 0, made.stderr
    assert "CREATE_COMPLETE" in made.stdout
    assert "The stack emr-pipelines-sandbox is created" in made.stdout
    # The file names region and endpoint from now on.
    shown = run_tool(root, "infra", "show", "--env", "sandbox", "--json")
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert (told["faults"], told["outputs"]["Subnets"]) == ([], subnet)
    assert told["costs"]["roles, security groups, security configuration"] == "nothing"

    gone = run_tool(root, "infra", "down", "--env", "sandbox", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert not (root / "config" / "environments" / "sandbox.yaml").exists()
    assert "sandbox" not in str(client_for("s3").list_buckets()["Buckets"])


def test_up_refuses_where_clusters_may_be_public(root: Path, api: EmrApi, emr_url: str) -> None:
    before = api.read.get_block_public_access_configuration()["BlockPublicAccessConfiguration"]
    api.write.put_block_public_access_configuration(
        BlockPublicAccessConfiguration={"BlockPublicSecurityGroupRules": False}
    )
    try:
        told = run_tool(
            root, "infra", "up", "--env", "open", "--region", "us-east-1", "--endpoint-url", emr_url, "--network", "new"
        )
    finally:
        api.write.put_block_public_access_configuration(BlockPublicAccessConfiguration=before)
    assert told.returncode == 1
    assert told.stderr.startswith("EMR does not block public access in this region")
    assert "--block-public-access" in told.stderr


def test_a_network_of_its_own_comes_and_goes(root: Path, client_for: ClientFor, emr_url: str) -> None:
    networks = {network["VpcId"] for network in client_for("ec2").describe_vpcs()["Vpcs"]}
    place = ("--env", "apart", "--region", "us-east-1", "--endpoint-url", emr_url)
    made = run_tool(root, "infra", "up", *place, "--network", "new")
    assert made.returncode == 0, made.stderr
    gone = run_tool(root, "infra", "down", "--env", "apart", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert {network["VpcId"] for network in client_for("ec2").describe_vpcs()["Vpcs"]} == networks


def test_the_template_is_printed_without_aws(root: Path) -> None:
    told = run_tool(root, "infra", "template", "--env", "aws", "--network", "new")
    assert json.loads(told.stdout)["Resources"]["Bucket"]["Type"] == "AWS::S3::Bucket"
    wrong = run_tool(root, "infra", "template", "--env", "aws")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("Choose a network")

"""CloudFormation, S3, EC2, IAM and EMR of the emr_local that all tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.infra.deployment import Aws
from emr_pipelines.infra.environment_file import Place
from emr_pipelines.infra.stack import delete_stack, find_stack
from tests.aws_clients import client_asking_once

ClientFor = Callable[..., Any]


@pytest.fixture(scope="session")
def client_asking(emr_url: str) -> ClientFor:
    # What CloudFormation has half done is not sent again. Its first call loads every service.
    return partial(client_asking_once, emr_url, read_timeout=300)


@pytest.fixture
def aws(client_asking: ClientFor, api: EmrApi) -> Aws:
    return Aws(
        cloudformation=client_asking("cloudformation"),
        ec2=client_asking("ec2"),
        s3=client_asking("s3"),
        emr=api,
        place=Place(connection="aws_default", region="us-east-1"),
    )


@pytest.fixture
def environment(request: pytest.FixtureRequest, aws: Aws) -> Iterator[str]:
    """A name of the test's own, whose stack does not outlive it."""
    name = "t" + "".join(part[:2] for part in request.node.originalname.removeprefix("test_").split("_"))[:19]
    yield name
    left = find_stack(aws.cloudformation, f"emr-pipelines-{name}")
    if left is not None:
        delete_stack(aws.cloudformation, left.id, lambda _: None)


@pytest.fixture
def file(tmp_path: Path, environment: str) -> Path:
    return tmp_path / "config" / "environments" / f"{environment}.yaml"

"""moto's CloudFormation, S3, EC2 and IAM in a thread of this process, where its gaps can be filled, beside the EMR of the emr_local that all tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.infra.deployment import Aws
from emr_pipelines.infra.environment_file import Place
from emr_pipelines.infra.stack import delete_stack, find_stack
from tests.aws_clients import client_asking_once
from tests.infra.moto_gaps import fill_gaps

ClientFor = Callable[..., Any]


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    fill_gaps()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def moto_client(moto_url: str) -> ClientFor:
    # What moto has half done is not sent again. Its first CloudFormation call imports every service.
    return partial(client_asking_once, moto_url, read_timeout=300)


@pytest.fixture
def aws(moto_client: ClientFor, api: EmrApi) -> Aws:
    return Aws(
        cloudformation=moto_client("cloudformation"),
        ec2=moto_client("ec2"),
        s3=moto_client("s3"),
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

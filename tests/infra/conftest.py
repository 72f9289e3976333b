"""CloudFormation, S3, EC2, IAM and EMR of the emr_local that all tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.infra.deployment import Aws
from emr_pipelines.infra.environment_file import Place
from emr_pipelines.infra.stack import delete_stack, find_stack

ClientFor = Callable[..., Any]


@pytest.fixture
def aws(client_for: ClientFor, api: EmrApi) -> Aws:
    # What CloudFormation has half done is not sent again. Its first call loads every service.
    once: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "read_timeout": 300}
    return Aws(
        cloudformation=client_for("cloudformation", **once),
        ec2=client_for("ec2", **once),
        s3=client_for("s3", **once),
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

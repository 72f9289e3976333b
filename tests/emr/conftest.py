"""Requests in the form that the plan makes, for clusters whose steps are shell commands."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emr_pipelines.emr.clusters import adopt_or_create, live_clusters, terminate_clusters
from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.plan.keys import step_label


def cluster_request(key: str | None = None, **overrides: Any) -> dict[str, Any]:
    """A RunJobFlow body with a name and a key tag of its own."""
    key = key or uuid.uuid4().hex[:12]
    return {
        "Name": f"emr-pipelines/test/{key}/main",
        "ReleaseLabel": "emr-7.13.0",
        "LogUri": "s3://emr-logs/logs/",
        "Instances": {
            "InstanceGroups": [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}],
            "KeepJobFlowAliveWhenNoSteps": True,
        },
        "AutoTerminationPolicy": {"IdleTimeout": 3600},
        "ServiceRole": "EMR_DefaultRole_V2",
        "JobFlowRole": "EMR_EC2_DefaultRole",
        "Tags": [{"Key": "emr-pipelines:key", "Value": f"{key}/main"}],
        **overrides,
    }


def shell_step(script: str, *arguments: str, family: str | None = None, label: str = "1") -> dict[str, Any]:
    """A step of `bash -c`, with a key of its own in its name unless one is given."""
    return {
        "Name": step_label("work", f"{family or uuid.uuid4().hex[:12]}.{label}"),
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["bash", "-c", script, *arguments]},
    }


@pytest.fixture(scope="session", autouse=True)
def logs_bucket(s3: Any) -> None:
    s3.create_bucket(Bucket="emr-logs")


@pytest.fixture
def create(api: EmrApi) -> Iterator[Callable[..., str]]:
    """Makes clusters and terminates what is left of them."""
    requests = []

    def make(**overrides: Any) -> str:
        requests.append(cluster_request(**overrides))
        return adopt_or_create(api, requests[-1])

    yield make
    for request in requests:
        terminate_clusters(api, live_clusters(api, request))


@pytest.fixture(scope="module")
def cluster_id(api: EmrApi) -> Iterator[str]:
    request = cluster_request()
    yield adopt_or_create(api, request)
    terminate_clusters(api, live_clusters(api, request))

"""A server in this process with a fake executor, one per module, and a real client for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from botocore.exceptions import ClientError

from emr_local.clusters.states import Delays
from emr_local.clusters.store import Store
from emr_local.serving.server import LocalServer
from emr_local.wire.listening import Listener
from tests.aws_clients import client_asking_once
from tests.emr_local.emr_requests import cluster_request, wait_until
from tests.emr_local.fakes import FakeClock, FakeExecutor

FAST = Delays(starting=0.02, bootstrapping=0.02, terminating=0.02)


def other_services(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Stands where moto is."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"other: {environ['PATH_INFO']}".encode()]


@dataclass(frozen=True, kw_only=True)
class Emr:
    """A running server and what a test needs to use and steer it."""

    server: LocalServer
    client: Any
    executor: FakeExecutor
    clock: FakeClock
    objects: dict[str, bytes]  # what the server itself wrote to S3, by URI

    def run(self, *steps: dict[str, Any], keep_alive: bool = True, **overrides: Any) -> str:
        request = cluster_request(*steps, keep_alive=keep_alive, **overrides)
        return self.client.run_job_flow(**request)["JobFlowId"]

    def cluster(self, cluster_id: str) -> dict[str, Any]:
        return self.client.describe_cluster(ClusterId=cluster_id)["Cluster"]

    def state(self, cluster_id: str) -> str:
        return self.cluster(cluster_id)["Status"]["State"]

    def wait(self, cluster_id: str, *states: str) -> dict[str, Any]:
        wait_until(lambda: self.state(cluster_id) in states, f"{cluster_id} in {states}")
        return self.cluster(cluster_id)

    def add(self, cluster_id: str, *steps: dict[str, Any]) -> list[str]:
        return self.client.add_job_flow_steps(JobFlowId=cluster_id, Steps=list(steps))["StepIds"]

    def steps(self, cluster_id: str) -> list[str]:
        """States of the steps, in the order of submission."""
        return [step["Status"]["State"] for step in reversed(self.client.list_steps(ClusterId=cluster_id)["Steps"])]

    def step_ids(self, cluster_id: str) -> list[str]:
        return [step["Id"] for step in reversed(self.client.list_steps(ClusterId=cluster_id)["Steps"])]

    def step(self, cluster_id: str, step_id: str) -> dict[str, Any]:
        return self.client.describe_step(ClusterId=cluster_id, StepId=step_id)["Step"]

    def wait_steps(self, cluster_id: str, *states: str) -> None:
        wait_until(lambda: self.steps(cluster_id) == list(states), f"steps of {cluster_id} {states}")

    def error(self, operation: str, **parameters: Any) -> tuple[str, str]:
        """Code and text of the error that a call gets."""
        with pytest.raises(ClientError) as caught:
            getattr(self.client, operation)(**parameters)
        return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


@pytest.fixture(scope="module")
def create_emr() -> Iterator[Callable[..., Emr]]:
    """Starts servers on a state directory; stops them at the end of the module."""
    running = []

    def create(state_dir: Path, delays: Delays = FAST) -> Emr:
        executor, clock = FakeExecutor(), FakeClock()
        objects: dict[str, bytes] = {}

        def put_object(bucket: str, key: str, content: bytes) -> bool:
            objects[f"s3://{bucket}/{key}"] = content
            return True

        server = LocalServer(
            Listener("127.0.0.1", 0),
            store=Store(state_dir),
            executor=executor,
            others=other_services,
            put_object=put_object,
            delays=delays,
            clock=clock,
        )
        running.append(server)
        return Emr(
            server=server, client=client_asking_once(server.url), executor=executor, clock=clock, objects=objects
        )

    yield create
    for server in running:
        server.close()


@pytest.fixture(scope="module")
def emr(create_emr: Callable[..., Emr], tmp_path_factory: pytest.TempPathFactory) -> Emr:
    return create_emr(tmp_path_factory.mktemp("state"))

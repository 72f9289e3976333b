"""One executor with a warm JVM and one S3 endpoint for all tests of this directory."""

from __future__ import annotations

import gzip
import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import boto3
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from emr_local.objects.store import ObjectStore
from emr_local.runners.contract import ClusterRequest, RunningStep, StepOutcome, StepRequest
from emr_local.runners.local import LocalExecutor

S3Client = Any


@pytest.fixture(scope="session")
def serve_s3() -> Iterator[Callable[[ObjectStore], S3Client]]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    servers = []

    def serve(store: ObjectStore) -> S3Client:
        server = make_server("127.0.0.1", 0, store.wrap(DomainDispatcherApplication(create_backend_app)), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{server.port}",
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    yield serve
    for server in servers:
        server.shutdown()


class Lab:
    """A cluster to run steps on, and an S3 client that sees what they see."""

    def __init__(self, state: Path, serve: Callable[[ObjectStore], S3Client], *, warm: bool) -> None:
        self.state = state
        self.store = ObjectStore(state / "s3")
        self.store.load()
        self.s3 = serve(self.store)
        self.executor = LocalExecutor(
            state,
            self.store,
            warm=warm,
            warm_jvms=0,
            endpoint_url=self.s3.meta.endpoint_url,
            class_archive="use",
        )
        self._ids = itertools.count(1)

    def open_cluster(self, cluster_id: str, **settings: Any) -> None:
        self.executor.open_cluster(ClusterRequest(cluster_id=cluster_id, log_uri="s3://logs/emr", **settings))

    def start(self, *args: str, jar: str = "command-runner.jar", cluster: str = "j-LAB") -> tuple[str, RunningStep]:
        step_id = f"s-{next(self._ids)}"
        return step_id, self.executor.start_step(
            StepRequest(cluster_id=cluster, step_id=step_id, name=step_id, jar=jar, args=args)
        )

    def run(self, *args: str, jar: str = "command-runner.jar", cluster: str = "j-LAB") -> tuple[StepOutcome, str]:
        step_id, running = self.start(*args, jar=jar, cluster=cluster)
        return running.wait(), step_id

    def log(self, step_id: str, name: str, cluster: str = "j-LAB") -> str:
        return gzip.decompress(self.read(f"s3://logs/emr/{cluster}/steps/{step_id}/{name}.gz")).decode()

    def write(self, uri: str, text: str) -> str:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.s3.put_object(Bucket=bucket, Key=key, Body=dedent(text).encode())
        return uri

    def read(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def list(self, prefix: str, bucket: str = "data") -> list[str]:
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]


def open_lab(state: Path, serve: Callable[[ObjectStore], S3Client]) -> Iterator[Lab]:
    made = Lab(state, serve, warm=True)
    made.s3.create_bucket(Bucket="data")
    made.s3.create_bucket(Bucket="logs")
    made.open_cluster("j-LAB")
    yield made
    made.executor.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, serve_s3: Callable[[ObjectStore], S3Client]) -> Iterator[Lab]:
    yield from open_lab(tmp_path_factory.mktemp("state"), serve_s3)


@pytest.fixture
def new_lab(tmp_path: Path, serve_s3: Callable[[ObjectStore], S3Client]) -> Iterator[Lab]:
    """One in which nothing has run."""
    yield from open_lab(tmp_path, serve_s3)

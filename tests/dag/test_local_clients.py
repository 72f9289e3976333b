"""Clients of tasks and of the command line at an endpoint of this machine: the person's shell says nothing to them, and silence is told at once."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ProfileNotFound

from emr_pipelines.cli.project import aws_clients as cli_clients
from emr_pipelines.dag import aws_clients as task_clients
from emr_pipelines.emr.emr_api import RunError
from emr_pipelines.emr.loopback import local_key
from emr_pipelines.emr.polling import RetryingReader
from emr_pipelines.pipeline_spec.models.environment import ConnectionSpec, EnvironmentSpec
from tests.fault_control import Faults
from tests.integration.processes import free_port

# A shell that has been used for something else.
SHELL = {
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "AWS_PROFILE": "of-another-project",
    "AWS_DEFAULT_REGION": "mars-north-1",
    "AWS_REGION": "mars-north-1",
    "AWS_CA_BUNDLE": "/nowhere/bundle.pem",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_RETRY_MODE": "eager",
}
Connect = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_kept_sessions() -> None:
    cli_clients._session_in.cache_clear()
    cli_clients._s3_client_in.cache_clear()


def in_tasks(monkeypatch: pytest.MonkeyPatch, url: str, *, login: str = "local", **extra: object) -> None:
    connection = {"conn_type": "aws", "login": login, "password": "any", "extra": {"endpoint_url": url, **extra}}
    monkeypatch.setenv("AIRFLOW_CONN_EMR_LOCAL", json.dumps(connection))


def environment_at(url: str) -> EnvironmentSpec:
    return EnvironmentSpec.model_construct(
        name="local", region="us-east-1", connection=ConnectionSpec(id="emr_local", endpoint_url=url)
    )


def test_a_shell_of_something_else_says_nothing(emr_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[default]\nregion = mars-north-1\nendpoint_url = http://127.0.0.1:9\nuse_fips_endpoint = true\nretry_mode = eager\n"
    )
    for name, value in {**SHELL, "AWS_CONFIG_FILE": str(config)}.items():
        monkeypatch.setenv(name, value)
    in_tasks(monkeypatch, emr_url)
    task_api = task_clients.emr_api("emr_local", "us-east-1")
    for client in (task_api.read, task_api.write, cli_clients.emr_api(environment_at(emr_url)).read):
        assert client.meta.region_name == "us-east-1"
        assert "Clusters" in client.list_clusters()
    for s3 in (task_clients.s3_client("emr_local", "us-east-1"), cli_clients.s3_client(environment_at(emr_url))):
        assert s3.meta.endpoint_url == emr_url
        assert "Buckets" in s3.list_buckets()


def test_at_aws_the_shell_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-another-project")
    monkeypatch.setenv("AIRFLOW_CONN_EMR_LOCAL", json.dumps({"conn_type": "aws"}))
    with pytest.raises(ProfileNotFound):
        task_clients.emr_api("emr_local", "us-east-1")


@pytest.mark.fault(
    "F56",
    "No emr_local listens at an endpoint of this machine, or it ends during a run",
    "the task fails at once and is not retried; one sentence names the endpoint and the command that starts one",
)
@pytest.mark.parametrize("call", ["list_clusters", "list_buckets"])
def test_nothing_listens_is_one_sentence_at_once(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it must not be asked again"))
    url = f"http://127.0.0.1:{free_port()}"
    in_tasks(monkeypatch, url)
    emr = task_clients.emr_api("emr_local", "us-east-1")
    client = emr.read if call == "list_clusters" else task_clients.s3_client("emr_local", "us-east-1")
    with pytest.raises(RunError, match="Start it: emr-pipelines local start") as told:
        getattr(client, call)()
    assert str(told.value).startswith(f"Nothing listens at {url}, ")
    assert not told.value.retryable
    # A wait that has patience with AWS has none here.
    with pytest.raises(RunError, match="Nothing listens"):
        RetryingReader(emr).read(lambda api: api.read.list_clusters())


class Stranger(http.server.SimpleHTTPRequestHandler):
    """A web server of somebody's, which answers POST like a page that is not there."""

    do_PUT = do_POST = http.server.SimpleHTTPRequestHandler.do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("call", ["list_clusters", "head_object", "put_object", "list_objects_v2"])
def test_what_is_no_emr_local_is_one_sentence_at_once(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the `404: Not Found` of whatever listens there."""
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it must not be asked again"))
    arguments = {"head_object": {"Bucket": "b", "Key": "k"}, "put_object": {"Bucket": "b", "Key": "k", "Body": b""}}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Stranger, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        in_tasks(monkeypatch, url)
        emr = task_clients.emr_api("emr_local", "us-east-1")
        client: Any = emr.read if call == "list_clusters" else task_clients.s3_client("emr_local", "us-east-1")
        given = {"Bucket": "b"} if call == "list_objects_v2" else arguments.get(call, {})
        with pytest.raises(RunError, match=f"What answers at {url} is no emr_local") as told:
            getattr(client, call)(**given)
        server.shutdown()
    assert not told.value.retryable


@pytest.mark.parametrize("faulty", ["an emr_local that fails", "a missing object"])
def test_what_emr_local_itself_refuses_stays_its_own(
    faulty: str, emr_url: str, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_tasks(monkeypatch, emr_url)
    if faulty == "a missing object":
        with pytest.raises(ClientError, match="Not Found"):
            task_clients.s3_client("emr_local", "us-east-1").head_object(Bucket="no-such-bucket", Key="k")
        return
    faults.add("deny", "DescribeCluster", status=500)
    with pytest.raises(ClientError, match=r"500|InternalFailure|Denied"):
        task_clients.emr_api("emr_local", "us-east-1").write.describe_cluster(ClusterId="j-X")


def test_a_connection_may_say_that_its_endpoint_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    in_tasks(monkeypatch, f"http://127.0.0.1:{free_port()}", waits_for_endpoint=True)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert (
        RetryingReader(task_clients.emr_api("emr_local", "us-east-1")).read(lambda api: api.read.list_clusters())
        is None
    )


@pytest.mark.parametrize("host", ["example.invalid"])
def test_an_endpoint_elsewhere_is_asked_again(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    in_tasks(monkeypatch, f"http://{host}:5566")
    assert (
        RetryingReader(task_clients.emr_api("emr_local", "us-east-1")).read(lambda api: api.read.list_clusters())
        is None
    )
    assert naps


def test_tasks_of_another_project_are_refused_before_they_do_anything(
    emr_url: str, emr_state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has the variables of one project in a terminal never writes to the emr_local of another."""
    in_tasks(monkeypatch, emr_url, login=local_key(tmp_path / "clone" / ".emr_local"))
    emr, s3 = task_clients.emr_api("emr_local", "us-east-1"), task_clients.s3_client("emr_local", "us-east-1")
    for call in (emr.read.list_clusters, lambda: s3.create_bucket(Bucket="of-another"), s3.list_buckets):
        with pytest.raises(ClientError, match=f"AccessDenied.*keeps {emr_state_dir}, which is another project's"):
            call()
    in_tasks(monkeypatch, emr_url, login=local_key(emr_state_dir))
    names = [bucket["Name"] for bucket in task_clients.s3_client("emr_local", "us-east-1").list_buckets()["Buckets"]]
    assert "of-another" not in names

"""The wire protocol itself: shapes, errors, what goes to moto, and whom the server refuses."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from emr_local.host.explained_errors import StartupError
from emr_local.operations.service import OPERATIONS
from emr_local.wire.json_protocol import EmrApplication
from emr_local.wire.loopback import check_bind_host
from emr_local.wire.service_model import load_service_model
from tests.emr_local.conftest import Emr, other_services


def post(emr: Emr, operation: str, body: bytes, **headers: str) -> tuple[int, Mapping[str, str], Any]:
    """Status, headers and parsed body of a request that no client of AWS would make."""
    sent = {
        "X-Amz-Target": f"ElasticMapReduce.{operation}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    request = urllib.request.Request(emr.server.url, data=body, headers=sent)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, json.loads(response.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, error.headers, json.loads(text) if text.startswith(b"{") else text.decode()


def test_every_operation_that_is_emulated_is_one_of_emr():
    assert set(OPERATIONS) <= set(load_service_model().operation_names)


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("MakeCoffee", b"{}", "UnknownOperationException"),
        ("CreateStudio", b'{"Name": 1}', "ValidationException"),
        ("ListStudios", b"{}", "InvalidRequestException"),
        ("DescribeCluster", b"{", "SerializationException"),
        ("DescribeCluster", b"[]", "SerializationException"),
        ("DescribeCluster", b"{}", "ValidationException"),
        ("DescribeCluster", b'{"ClusterId": null}', "ValidationException"),
        ("DescribeCluster", b'{"ClusterId": 5}', "ValidationException"),
        ("DescribeCluster", b'{"ClusterId": "j-1", "Colour": "blue"}', "ValidationException"),
    ],
)
def test_what_cannot_be_served_gets_an_error_of_aws_and_never_html(emr: Emr, operation: str, body: bytes, code: str):
    status, headers, answer = post(emr, operation, body)
    assert (status, answer["__type"]) == (400, code)
    assert answer["message"]
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert headers["x-amzn-RequestId"]


def test_nulls_count_as_absent_and_timestamps_are_numbers(emr: Emr):
    emr.run(Name="timed")
    _, _, answer = post(emr, "ListClusters", b'{"Marker": null, "CreatedAfter": 1.5e9}')
    assert isinstance(answer["Clusters"][0]["Status"]["Timeline"]["CreationDateTime"], float)
    assert post(emr, "ListClusters", b'{"CreatedAfter": 9e9}')[2] == {"Clusters": []}


def test_values_outside_an_enumeration_are_told_with_their_place(emr: Emr):
    _, _, answer = post(emr, "ListSteps", b'{"ClusterId": "j-1", "StepStates": ["RUNNING", "ASLEEP"]}')
    assert answer["message"].startswith(
        "1 validation error detected: Value 'ASLEEP' at 'stepStates.2.member' failed to satisfy constraint: "
        "Member must satisfy enum value set: [PENDING, CANCEL_PENDING, RUNNING"
    )


def test_texts_that_are_too_long_are_refused(emr: Emr):
    _, _, answer = post(emr, "DescribeReleaseLabel", json.dumps({"ReleaseLabel": "x", "NextToken": "y"}).encode())
    assert answer["__type"] == "InvalidRequestException"
    name = "n" * 257
    body = {"Name": name, "Instances": {}}
    _, _, answer = post(emr, "RunJobFlow", json.dumps(body).encode())
    assert answer["message"].endswith(
        "at 'name' failed to satisfy constraint: Member must have length less than or equal to 256"
    )


@pytest.mark.parametrize("handle", [lambda *_: {"Cluster": 5}, lambda *_: 1 / 0], ids=["a wrong reply", "a crash"])
def test_an_error_of_the_server_itself_is_aws_json_too(handle: Callable[..., Any], caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.CRITICAL, logger="emr_local.wire.json_protocol")
    import io

    statuses: list[str] = []
    environ = {
        "HTTP_X_AMZ_TARGET": "ElasticMapReduce.DescribeCluster",
        "CONTENT_LENGTH": "20",
        "wsgi.input": io.BytesIO(b'{"ClusterId": "j-1"}'),
    }
    [body] = EmrApplication(handle, other_services)(environ, lambda status, headers, *_: statuses.append(status))
    assert statuses == ["500 Internal Server Error"]
    assert json.loads(body)["__type"] == "InternalServerException"


def test_everything_else_goes_to_the_other_services(emr: Emr):
    with urllib.request.urlopen(f"{emr.server.url}/bucket/key") as response:
        assert response.read() == b"other: /bucket/key"


def test_health_tells_the_state_of_the_server(emr: Emr):
    cluster_id = emr.run()
    emr.wait(cluster_id, "WAITING")
    with urllib.request.urlopen(f"{emr.server.url}/_emr_local/health") as response:
        health = json.load(response)
    assert health["status"] == "ready"
    assert health["clusters"]["WAITING"] >= 1
    assert health["state_dir"]
    assert health["version"]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:5566", "127.0.0.1.evil.example", "localhost.evil.example", "169.254.0.1", "[::2]"],
)
def test_a_request_for_another_host_is_refused(emr: Emr, host: str):
    status, _, answer = post(emr, "ListClusters", b"{}", Host=host)
    assert status == 403
    assert "this machine only" in answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:5566", "[::1]:5566", "my-bucket.localhost", "LOCALHOST"])
def test_every_name_of_this_machine_is_served(emr: Emr, host: str):
    assert post(emr, "ListClusters", b"{}", Host=host)[0] == 200


def test_a_web_page_of_another_site_is_refused(emr: Emr):
    assert post(emr, "ListClusters", b"{}", Origin="https://evil.example")[0] == 403
    assert post(emr, "ListClusters", b"{}", Origin="http://localhost:8080")[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.com", ""])
def test_only_loopback_addresses_are_bound(host: str):
    with pytest.raises(StartupError, match="only this machine may reach it"):
        check_bind_host(host)

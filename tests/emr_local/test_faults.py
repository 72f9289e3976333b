"""Each fault over real HTTP with a real client: what the client sees, and what has happened behind it."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ConnectionError, HTTPClientError

from tests.aws_clients import client_asking_once
from tests.emr_local.conftest import Emr
from tests.emr_local.control import Control
from tests.emr_local.emr_requests import cluster_request, step, wait_until


@pytest.fixture
def control(emr: Emr) -> Iterator[Control]:
    made = Control(emr.server.url)
    yield made
    made.delete("faults")
    made.delete("calls")


def names(emr: Emr) -> list[str]:
    return [each["Name"] for each in emr.client.list_clusters()["Clusters"]]


@pytest.mark.parametrize(
    ("fault", "code", "status", "text", "happened"),
    [
        ({"effect": "throttle"}, "ThrottlingException", 400, "Rate exceeded", False),
        ({"effect": "error-before"}, "InternalFailure", 500, "internal error", False),
        ({"effect": "error-after"}, "InternalFailure", 500, "internal error", True),
        (
            {"effect": "error-before", "code": "ValidationException", "status": 400, "message": "The role is wrong"},
            *("ValidationException", 400, "The role is wrong", False),
        ),
        (
            {"effect": "error-before", "code": "ExpiredTokenException", "status": 400},
            *("ExpiredTokenException", 400, "", False),
        ),
        (
            {"effect": "deny"},
            *("AccessDeniedException", 400, "is not authorized to perform: elasticmapreduce:RunJobFlow", False),
        ),
    ],
)
def test_an_error_is_answered_before_or_after_the_effect(
    emr: Emr, control: Control, fault: dict[str, Any], code: str, status: int, text: str, happened: bool
):
    control.post("faults", {"operation": "RunJobFlow", **fault})
    name = f"refused {fault}"
    with pytest.raises(ClientError) as caught:
        emr.run(Name=name)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert text in caught.value.response["Error"]["Message"]
    assert (name in names(emr)) is happened
    assert emr.run(Name="next").startswith("j-")


@pytest.mark.parametrize(
    ("effect", "seconds", "happened"),
    [
        ("reset-before", None, False),
        ("reset-after", None, True),
        ("hang-before", 0.3, False),
        ("hang-after", 0.3, True),
    ],
)
def test_a_connection_that_is_dropped_gives_no_answer(
    emr: Emr, control: Control, effect: str, seconds: float | None, happened: bool
):
    control.post("faults", {"operation": "RunJobFlow", "effect": effect, **({"seconds": seconds} if seconds else {})})
    name, started = f"dropped {effect}", time.monotonic()
    with pytest.raises((ConnectionClosedError, ConnectionError, HTTPClientError)):
        emr.run(Name=name)
    assert time.monotonic() - started >= (seconds or 0)
    assert (name in names(emr)) is happened


def test_the_effect_of_a_call_that_hangs_afterwards_is_seen_while_it_hangs(emr: Emr, control: Control):
    control.post("faults", {"operation": "RunJobFlow", "effect": "hang-after", "seconds": 3600})
    impatient = client_asking_once(emr.server.url, read_timeout=0.5)
    with pytest.raises(HTTPClientError):
        impatient.run_job_flow(**cluster_request(keep_alive=True, Name="hanging"))
    assert "hanging" in names(emr)


def test_a_slow_call_is_answered_late_and_truly(emr: Emr, control: Control):
    control.post("faults", {"operation": "ListClusters", "effect": "slow", "seconds": 0.3})
    cluster_id, started = emr.run(), time.monotonic()
    assert cluster_id in [each["Id"] for each in emr.client.list_clusters()["Clusters"]]
    assert time.monotonic() - started >= 0.3


def test_answers_carry_another_state_even_one_that_nobody_knows(emr: Emr, control: Control):
    cluster_id = emr.run(step("block"))
    wait_until(lambda: emr.steps(cluster_id) == ["RUNNING"], "a running step")
    [step_id] = emr.step_ids(cluster_id)
    control.post("faults", {"operation": "*", "effect": "state", "state": "PAUSED", "times": None})
    assert emr.step(cluster_id, step_id)["Status"]["State"] == "PAUSED"
    assert emr.steps(cluster_id) == ["PAUSED"]
    assert emr.state(cluster_id) == "PAUSED"
    assert {each["Status"]["State"] for each in emr.client.list_clusters()["Clusters"]} == {"PAUSED"}
    assert emr.client.describe_cluster(ClusterId=cluster_id)["Cluster"]["Name"] == "test"
    assert emr.error("describe_cluster", ClusterId="j-NONE")[0] == "InvalidRequestException"
    control.delete("faults")
    assert emr.steps(cluster_id) == ["RUNNING"]


def outcomes(emr: Emr, calls: int) -> str:
    """A letter per call: `t` for a throttled one, `.` for one that is answered."""
    letters = ""
    for _ in range(calls):
        try:
            emr.client.list_clusters()
            letters += "."
        except emr.client.exceptions.ClientError:
            letters += "t"
    return letters


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ([{}], "t....."),
        ([{"nth": 3}], "..t..."),
        ([{"nth": 2, "times": 3}], ".ttt.."),
        ([{"nth": 4, "times": None}], "...ttt"),
        ([{}, {"nth": 4}], "t..t.."),
        ([{}, {}], "tt...."),
        ([{"operation": "Describe*"}], "......"),
        ([{"operation": "List*"}], "t....."),
    ],
)
def test_a_fault_hits_the_calls_that_it_was_set_for(
    emr: Emr, control: Control, faults: list[dict[str, Any]], expected: str
):
    control.post("faults", [{"operation": "ListClusters", "effect": "throttle", **fault} for fault in faults])
    assert outcomes(emr, 6) == expected


def test_faults_are_listed_with_their_hits_and_removed_one_by_one(emr: Emr, control: Control):
    faults = [{"operation": "List*", "effect": "throttle", "times": None}, {"effect": "stuck-starting", "nth": 2}]
    first, second = control.post("faults", faults)["ids"]
    assert outcomes(emr, 2) == "tt"
    shown = {each["id"]: each for each in control.get("faults")["faults"]}
    assert (shown[first]["effect"], shown[first]["hits"], shown[second]["hits"]) == ("throttle", 2, 0)
    control.delete(f"faults/{first}")
    assert outcomes(emr, 1) == "."
    assert [each["id"] for each in control.get("faults")["faults"]] == [second]
    assert control.send("DELETE", f"faults/{first}")[0] == 404


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ({"effect": "throttle"}, "SlowDown", 503),
        ({"effect": "error-before"}, "InternalError", 500),
        ({"effect": "error-after", "code": "NoSuchUpload", "status": 404}, "NoSuchUpload", 404),
        ({"effect": "deny"}, "AccessDenied", 403),
    ],
)
def test_requests_to_s3_fail_by_their_path(emr: Emr, control: Control, fault: dict[str, Any], code: str, status: int):
    control.post("faults", {"operation": "S3", "path": "/runs/", **fault})
    s3 = client_asking_once(emr.server.url, "s3")
    assert s3.get_object(Bucket="bucket", Key="code/a")["Body"].read() == b"other: /bucket/code/a"
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="bucket", Key="runs/a")
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert s3.get_object(Bucket="bucket", Key="runs/a")["Body"].read() == b"other: /bucket/runs/a"
    assert emr.run().startswith("j-")


def test_connections_to_s3_are_dropped_and_slowed(emr: Emr, control: Control):
    s3 = client_asking_once(emr.server.url, "s3")
    control.post(
        "faults", [{"operation": "S3", "effect": "reset-before"}, {"operation": "S3", "effect": "slow", "seconds": 0.2}]
    )
    with pytest.raises((ConnectionClosedError, ConnectionError)):
        s3.head_object(Bucket="bucket", Key="a")
    started = time.monotonic()
    s3.head_object(Bucket="bucket", Key="a")
    assert time.monotonic() - started >= 0.2


def test_a_refused_head_request_leaves_its_connection_usable(emr: Emr, control: Control):
    s3 = client_asking_once(emr.server.url, "s3")
    control.post("faults", {"operation": "S3", "effect": "throttle"})
    with pytest.raises(ClientError, match="503"):
        s3.head_object(Bucket="bucket", Key="a")
    assert s3.get_object(Bucket="bucket", Key="a")["Body"].read() == b"other: /bucket/a"


@pytest.mark.parametrize(
    ("fault", "code", "text"),
    [
        ({"effect": "fleet-timeout"}, "INSTANCE_FLEET_TIMEOUT", "could not be provisioned"),
        ({"effect": "validation-error", "message": "No such subnet"}, "VALIDATION_ERROR", "No such subnet"),
        ({"effect": "internal-error"}, "INTERNAL_ERROR", "internal error"),
        ({"effect": "bootstrap-failure", "message": "x"}, "BOOTSTRAP_FAILURE", "On the master instance (i-"),
    ],
)
def test_a_launch_fails_with_its_reason_and_the_next_one_does_not(
    emr: Emr, control: Control, fault: dict[str, Any], code: str, text: str
):
    control.post("faults", {**fault, "nth": 2})
    first, second, third = emr.run(), emr.run(step("succeed")), emr.run()
    ended = emr.wait(second, "TERMINATED_WITH_ERRORS")["Status"]
    assert ended["StateChangeReason"]["Code"] == code
    assert text in ended["StateChangeReason"]["Message"]
    assert "ReadyDateTime" not in ended["Timeline"]
    assert emr.steps(second) == ["CANCELLED"]
    for healthy in (first, third):
        emr.wait(healthy, "WAITING")


def test_a_failed_bootstrap_action_leaves_its_logs(emr: Emr, control: Control):
    control.post("faults", {"effect": "bootstrap-failure", "message": "pip: no such package"})
    cluster_id = emr.run(LogUri="s3://logs/emr/")
    reason = emr.wait(cluster_id, "TERMINATED_WITH_ERRORS")["Status"]["StateChangeReason"]["Message"]
    [instance] = emr.client.list_instances(ClusterId=cluster_id)["Instances"]
    assert f"({instance['Ec2InstanceId']})" in reason
    folder = f"s3://logs/emr/{cluster_id}/node/{instance['Ec2InstanceId']}/bootstrap-actions/1"
    assert {uri for uri in emr.objects if uri.startswith(folder)} == {
        f"{folder}/{name}.gz" for name in ("controller", "stderr", "stdout")
    }
    assert gzip.decompress(emr.objects[f"{folder}/stderr.gz"]) == b"pip: no such package\n"


def test_a_cluster_that_is_stuck_starts_never_and_can_be_terminated(emr: Emr, control: Control):
    control.post("faults", {"effect": "stuck-starting"})
    stuck, healthy = emr.run(step("succeed")), emr.run()
    emr.wait(healthy, "WAITING")
    assert emr.state(stuck) == "STARTING"
    emr.client.terminate_job_flows(JobFlowIds=[stuck])
    emr.wait(stuck, "TERMINATED")

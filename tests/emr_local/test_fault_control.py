"""The control endpoint: what it refuses and how it says so, losses, interruptions, the pace, the log of calls, and the flags."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ConnectionError

from emr_local.clusters.states import Delays
from tests.emr_local.conftest import Emr
from tests.emr_local.control import Control
from tests.emr_local.emr_requests import CORE_GROUP, PRIMARY_GROUP, step, wait_until

WITH_CORE = {"InstanceGroups": [PRIMARY_GROUP, CORE_GROUP]}


@pytest.fixture
def control(emr: Emr) -> Iterator[Control]:
    made = Control(emr.server.url)
    yield made
    made.delete("faults")
    made.delete("calls")


THROTTLE = {"operation": "RunJobFlow", "effect": "throttle"}


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ({"operation": "RunJobFlow"}, ["`effect` is missing", "throttle"]),
        ({**THROTTLE, "effect": "explode"}, ['"explode"', "throttle, error-before"]),
        ({"effect": "throttle"}, ["`operation` is missing", '"Describe*"']),
        ({**THROTTLE, "operation": "RunJobflow"}, ['"RunJobflow"', "Did you mean RunJobFlow?"]),
        ({**THROTTLE, "nth": 0}, ["`nth`: 0", "from 1 on"]),
        ({**THROTTLE, "times": "2"}, ['`times`: "2"', "from 1 on"]),
        ({**THROTTLE, "nht": 2}, ["`nht`: 2", "Did you mean nth?"]),
        ({**THROTTLE, "status": 200}, ["`status`: 200", "400 to 599"]),
        ({**THROTTLE, "seconds": 3}, ["`seconds`: 3 is not used by the effect throttle", "Remove it"]),
        ({**THROTTLE, "path": "/a"}, ['`path`: "/a" is not used', "Remove it"]),
        ({**THROTTLE, "effect": "slow"}, ["`seconds` is missing", '"seconds": 5']),
        ({**THROTTLE, "effect": "slow", "seconds": -1}, ["`seconds`: -1", "0 or more"]),
        ({"operation": "DescribeStep", "effect": "state"}, ["`state` is missing", "PAUSED"]),
        ({**THROTTLE, "effect": "state", "state": "X"}, ['"RunJobFlow" matches nothing', "DescribeStep"]),
        ({"operation": "AddJobFlowSteps", "effect": "stuck-starting"}, ['"AddJobFlowSteps"', "Leave it out"]),
        ([THROTTLE, 7], ["Fault 2 of the list", "not 7", '"effect": "throttle"']),
        (b"{", ["not JSON"]),
    ],
)
def test_a_malformed_fault_is_refused_with_key_value_and_fix_and_nothing_is_set(
    control: Control, body: Any, texts: list[str]
):
    status, answer = control.send("POST", "faults", body)
    assert status == 400
    for text in texts:
        assert text in answer["message"]
    assert control.get("faults") == {"faults": []}


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "fault", 404, "/_emr_local/faults"),
        ("PUT", "faults", 405, "POST, GET, DELETE"),
        ("POST", "clusters/j-NONE/loss", 404, "There is no cluster j-NONE"),
    ],
)
def test_a_request_that_leads_nowhere_says_what_would(control: Control, method: str, path: str, status: int, text: str):
    answered, answer = control.send(method, path, {"kind": "idle"})
    assert answered == status
    assert text in answer["message"]


def test_another_sites_page_cannot_reach_the_control_endpoint(emr: Emr):
    request = urllib.request.Request(f"{emr.server.url}/_emr_local/faults", headers={"Origin": "http://evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def run_with_core(emr: Emr) -> str:
    cluster_id = emr.run(step("block"), step("block"), instances=WITH_CORE)
    wait_until(lambda: emr.steps(cluster_id) == ["RUNNING", "PENDING"], "a running step")
    return cluster_id


def test_the_loss_of_the_primary_ends_the_cluster(emr: Emr, control: Control):
    cluster_id = run_with_core(emr)
    control.post(f"clusters/{cluster_id}/loss", {"kind": "primary"})
    assert emr.steps(cluster_id) == ["INTERRUPTED", "CANCELLED"]
    reason = emr.wait(cluster_id, "TERMINATED_WITH_ERRORS")["Status"]["StateChangeReason"]
    assert reason == {"Code": "INSTANCE_FAILURE", "Message": "The master node was terminated"}
    assert control.send("POST", f"clusters/{cluster_id}/loss", {"kind": "idle"})[0] == 409


@pytest.mark.parametrize(("kind", "words"), [("spot", "Spot Instance was interrupted"), ("instance", "unexpectedly")])
def test_a_lost_instance_is_replaced_and_interrupts_the_running_step(emr: Emr, control: Control, kind: str, words: str):
    cluster_id = run_with_core(emr)
    first = emr.step_ids(cluster_id)[0]
    control.post(f"clusters/{cluster_id}/loss", {"kind": kind})
    wait_until(lambda: emr.steps(cluster_id) == ["INTERRUPTED", "RUNNING"], "the next step")
    wait_until(lambda: emr.executor.wait_for_step(first).signals == ["kill"], "the end of the step's process")
    assert emr.state(cluster_id) == "RUNNING"
    core = [each for each in emr.client.list_instances(ClusterId=cluster_id, InstanceGroupTypes=["CORE"])["Instances"]]
    assert sorted(each["Status"]["State"] for each in core) == ["RUNNING", "RUNNING", "TERMINATED"]
    [lost] = [each for each in core if each["Status"]["State"] == "TERMINATED"]
    assert lost["Status"]["StateChangeReason"]["Code"] == "INSTANCE_FAILURE"
    assert words in lost["Status"]["StateChangeReason"]["Message"]


def test_a_cluster_without_such_an_instance_cannot_lose_it(emr: Emr, control: Control):
    status, answer = control.send("POST", f"clusters/{emr.run()}/loss", {"kind": "spot"})
    assert (status, "no live instance that spot could take" in answer["message"]) == (409, True)


@pytest.mark.parametrize("body", [{"kind": "fire"}, {}, {"kind": "spot", "node": 1}, [], b"spot"])
def test_a_wrong_loss_names_the_right_ones(emr: Emr, control: Control, body: Any):
    status, answer = control.send("POST", f"clusters/{emr.run()}/loss", body)
    assert (status, "spot, instance, primary, idle" in answer["message"]) == (400, True)


def test_a_replaced_instance_is_remembered_over_a_restart(create_emr: Callable[..., Emr], tmp_path: Path):
    first = create_emr(tmp_path)
    cluster_id = first.run(instances=WITH_CORE)
    first.wait(cluster_id, "WAITING")
    Control(first.server.url).post(f"clusters/{cluster_id}/loss", {"kind": "spot"})
    before = first.client.list_instances(ClusterId=cluster_id)["Instances"]
    first.server.close()
    second = create_emr(tmp_path)
    assert second.client.list_instances(ClusterId=cluster_id)["Instances"] == before
    assert len(before) == 4


def test_the_idle_policy_fires_on_demand(emr: Emr, control: Control):
    cluster_id = emr.run()
    emr.wait(cluster_id, "WAITING")
    control.post(f"clusters/{cluster_id}/loss", {"kind": "idle"})
    assert "idle" in emr.wait(cluster_id, "TERMINATED")["Status"]["StateChangeReason"]["Message"]


def test_an_interrupted_step_is_gone_and_its_cluster_goes_on(emr: Emr, control: Control):
    cluster_id = emr.run(step("ignore"), step("succeed"))
    wait_until(lambda: emr.steps(cluster_id) == ["RUNNING", "PENDING"], "a running step")
    step_id = emr.step_ids(cluster_id)[0]
    control.post(f"steps/{cluster_id}/{step_id}/interrupt")
    emr.wait_steps(cluster_id, "INTERRUPTED", "COMPLETED")
    wait_until(lambda: emr.executor.wait_for_step(step_id).signals == ["kill"], "the end of the step's process")
    emr.wait(cluster_id, "WAITING")
    assert control.send("POST", f"steps/{cluster_id}/{step_id}/interrupt")[0] == 409
    assert control.send("POST", f"steps/{cluster_id}/s-NONE/interrupt")[0] == 404


def test_the_pace_changes_for_clusters_that_are_on_their_way(create_emr: Callable[..., Emr], tmp_path: Path):
    emr = create_emr(tmp_path, Delays(starting=60, bootstrapping=60, terminating=60))
    control = Control(emr.server.url)
    cluster_id = emr.run()
    assert control.get("time") == {"scale": 1.0}
    assert emr.state(cluster_id) == "STARTING"
    assert control.post("time", {"scale": 0}) == {"scale": 0.0}
    emr.wait(cluster_id, "WAITING")
    status, answer = control.send("POST", "time", {"scale": -1})
    assert (status, "0 or more" in answer["message"]) == (400, True)


def test_calls_are_listed_with_what_they_were_about_and_counted(emr: Emr, control: Control):
    control.delete("calls")
    fault_ids = control.post("faults", [{**THROTTLE}, {**THROTTLE, "effect": "reset-after"}])["ids"]
    for _ in range(2):
        with pytest.raises((ClientError, ConnectionClosedError, ConnectionError)):
            emr.run()
    cluster_id = emr.run(step("block"))
    [step_id] = emr.step_ids(cluster_id)
    emr.step(cluster_id, step_id)
    added = emr.add(cluster_id, step("block"))
    emr.error("describe_cluster", ClusterId="j-NONE")
    told = control.get("calls")
    shown = [(call["operation"], call["fault"], call["error"], call["cluster"], call["step"]) for call in told["calls"]]
    lost = shown[1][3]
    assert shown == [
        ("RunJobFlow", fault_ids[0], "ThrottlingException", None, None),
        ("RunJobFlow", fault_ids[1], None, lost, None),
        ("RunJobFlow", None, None, cluster_id, None),
        ("ListSteps", None, None, cluster_id, None),
        ("DescribeStep", None, None, cluster_id, step_id),
        ("AddJobFlowSteps", None, None, cluster_id, added[0]),
        ("DescribeCluster", None, "InvalidRequestException", "j-NONE", None),
    ]
    assert lost in [each["Id"] for each in emr.client.list_clusters()["Clusters"]]
    assert told["counts"]["RunJobFlow"] == 3
    assert told["calls"][0]["time"] <= told["calls"][-1]["time"]
    control.delete("calls")
    assert control.get("calls") == {"calls": [], "counts": {}}

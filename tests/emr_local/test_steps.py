"""Steps over HTTP: how they run, fail, are listed and are cancelled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import WaiterError

from tests.emr_local.conftest import Emr
from tests.emr_local.emr_requests import step, wait_until
from tests.emr_local.fakes import FAILURE_LOG


@pytest.fixture
def cluster_id(emr: Emr) -> Iterator[str]:
    """A cluster that waits for steps."""
    cluster_id = emr.run()
    emr.wait(cluster_id, "WAITING")
    yield cluster_id
    emr.client.terminate_job_flows(JobFlowIds=[cluster_id])


def test_a_step_runs_and_its_description_tells_all(emr: Emr):
    roles = '{"AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": true}}}'
    emr.client.create_security_configuration(Name="runtime-roles", SecurityConfiguration=roles)
    cluster_id = emr.run(SecurityConfiguration="runtime-roles")
    emr.wait(cluster_id, "WAITING")
    config = step("succeed", Properties=[{"Key": "k", "Value": "v"}], MainClass="Main")
    answer = emr.client.add_job_flow_steps(
        JobFlowId=cluster_id, Steps=[config], ExecutionRoleArn="arn:aws:iam::123456789012:role/runtime"
    )
    [step_id] = answer["StepIds"]
    emr.client.get_waiter("step_complete").wait(
        ClusterId=cluster_id, StepId=step_id, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600}
    )

    described = emr.step(cluster_id, step_id)

    timeline = described["Status"].pop("Timeline")
    assert described == {
        "Id": step_id,
        "Name": "succeed",
        "Config": {"Jar": "command-runner.jar", "Properties": {"k": "v"}, "MainClass": "Main", "Args": ["succeed"]},
        "ActionOnFailure": "CONTINUE",
        "Status": {"State": "COMPLETED", "StateChangeReason": {}},
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/runtime",
    }
    assert timeline["CreationDateTime"] <= timeline["StartDateTime"] <= timeline["EndDateTime"]
    [request] = [each for each in emr.executor.started if each.step_id == step_id]
    assert (request.cluster_id, request.name, request.jar, request.args) == (
        cluster_id,
        "succeed",
        "command-runner.jar",
        ("succeed",),
    )
    assert (request.main_class, request.properties) == ("Main", {"k": "v"})


def test_a_failed_step_tells_why_and_the_waiter_fails(emr: Emr, cluster_id: str):
    [step_id] = emr.add(cluster_id, step("explain"))
    with pytest.raises(WaiterError):
        emr.client.get_waiter("step_complete").wait(
            ClusterId=cluster_id, StepId=step_id, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600}
        )
    assert emr.step(cluster_id, step_id)["Status"]["FailureDetails"] == {
        "Reason": "Output directory already exists.",
        "Message": "s3://b/out",
        "LogFile": FAILURE_LOG,
    }


def test_a_step_that_the_executor_cannot_run_fails_with_the_cause(emr: Emr, cluster_id: str):
    [step_id] = emr.add(cluster_id, step("raise"))
    emr.wait_steps(cluster_id, "FAILED")
    assert "no room on the disk" in emr.step(cluster_id, step_id)["Status"]["FailureDetails"]["Message"]


def test_steps_run_one_after_the_other_in_the_order_of_submission(emr: Emr, cluster_id: str):
    first, second = emr.add(cluster_id, step("block"), step("block"))
    running = emr.executor.wait_for_step(first)
    assert emr.steps(cluster_id) == ["RUNNING", "PENDING"]
    assert emr.state(cluster_id) == "RUNNING"
    assert second not in emr.executor.steps
    running.release()
    emr.executor.wait_for_step(second).release()
    emr.wait_steps(cluster_id, "COMPLETED", "COMPLETED")
    emr.wait(cluster_id, "WAITING")


def test_as_many_steps_run_at_once_as_the_concurrency_level_says(emr: Emr, cluster_id: str):
    emr.client.modify_cluster(ClusterId=cluster_id, StepConcurrencyLevel=2)
    ids = emr.add(cluster_id, step("block"), step("block"), step("block"))
    emr.executor.wait_for_step(ids[0])
    emr.executor.wait_for_step(ids[1]).release()
    emr.executor.wait_for_step(ids[2])
    emr.wait_steps(cluster_id, "RUNNING", "COMPLETED", "RUNNING")
    for action in ("CANCEL_AND_WAIT", "TERMINATE_CLUSTER"):
        assert emr.error("add_job_flow_steps", JobFlowId=cluster_id, Steps=[step("block", action)]) == (
            "ValidationException",
            f"Action on failure '{action}' is invalid.",
        )


@pytest.mark.parametrize(
    ("action", "keep_alive", "steps", "state"),
    [
        ("CONTINUE", True, ["FAILED", "COMPLETED"], "WAITING"),
        ("CONTINUE", False, ["FAILED", "COMPLETED"], "TERMINATED"),
        ("CANCEL_AND_WAIT", True, ["FAILED", "CANCELLED"], "WAITING"),
        ("CANCEL_AND_WAIT", False, ["FAILED", "CANCELLED"], "TERMINATED"),
        ("TERMINATE_CLUSTER", True, ["FAILED", "CANCELLED"], "TERMINATED_WITH_ERRORS"),
        ("TERMINATE_CLUSTER", False, ["FAILED", "CANCELLED"], "TERMINATED_WITH_ERRORS"),
        (None, True, ["FAILED", "CANCELLED"], "TERMINATED_WITH_ERRORS"),
    ],
)
def test_a_failure_has_the_effect_that_the_step_asks_for(
    emr: Emr, action: str | None, keep_alive: bool, steps: list[str], state: str
):
    cluster_id = emr.run(step("fail", action), step("succeed"), keep_alive=keep_alive)
    emr.wait(cluster_id, "WAITING", "TERMINATED", "TERMINATED_WITH_ERRORS")
    assert emr.steps(cluster_id) == steps
    assert emr.state(cluster_id) == state


def test_a_running_step_is_interrupted_and_cancelled_when_its_process_is_gone(emr: Emr, cluster_id: str):
    first, second = emr.add(cluster_id, step("block"), step("block"))
    running = emr.executor.wait_for_step(first)

    answer = emr.client.cancel_steps(ClusterId=cluster_id, StepIds=[first])

    assert answer["CancelStepsInfoList"] == [{"StepId": first, "Status": "SUBMITTED"}]
    emr.executor.wait_for_step(second)
    assert running.signals == ["interrupt"]
    emr.wait_steps(cluster_id, "CANCELLED", "RUNNING")


def test_a_step_can_be_killed_and_a_pending_one_cancelled_in_one_call(emr: Emr, cluster_id: str):
    first, second = emr.add(cluster_id, step("block"), step("block"))
    running = emr.executor.wait_for_step(first)

    emr.client.cancel_steps(ClusterId=cluster_id, StepIds=[second, first], StepCancellationOption="TERMINATE_PROCESS")

    emr.wait_steps(cluster_id, "CANCELLED", "CANCELLED")
    assert running.signals == ["kill"]
    assert second not in emr.executor.steps
    emr.wait(cluster_id, "WAITING")


def test_a_step_that_ignores_the_interrupt_waits_to_be_killed(emr: Emr, cluster_id: str):
    [step_id] = emr.add(cluster_id, step("ignore"))
    running = emr.executor.wait_for_step(step_id)
    for _ in range(2):
        emr.client.cancel_steps(ClusterId=cluster_id, StepIds=[step_id])
    wait_until(lambda: running.signals == ["interrupt"], "the interrupt")
    assert emr.steps(cluster_id) == ["CANCEL_PENDING"]

    emr.client.cancel_steps(ClusterId=cluster_id, StepIds=[step_id], StepCancellationOption="TERMINATE_PROCESS")

    emr.wait_steps(cluster_id, "CANCELLED")
    assert running.signals == ["interrupt", "kill"]


def test_cancelling_is_idempotent_and_fails_for_what_has_ended(emr: Emr, cluster_id: str):
    [done] = emr.add(cluster_id, step("succeed"))
    emr.wait_steps(cluster_id, "COMPLETED")
    blocked, pending = emr.add(cluster_id, step("block"), step("block"))
    emr.client.cancel_steps(ClusterId=cluster_id, StepIds=[pending])

    answer = emr.client.cancel_steps(ClusterId=cluster_id, StepIds=[pending, done])

    assert answer["CancelStepsInfoList"] == [
        {"StepId": pending, "Status": "SUBMITTED"},
        {"StepId": done, "Status": "FAILED", "Reason": "Cannot cancel a step in state COMPLETED."},
    ]
    assert emr.error("cancel_steps", ClusterId=cluster_id, StepIds=["s-NONE"]) == (
        "InvalidRequestException",
        "Step id 's-NONE' is not valid.",
    )
    assert emr.error("cancel_steps", ClusterId=cluster_id, StepIds=[blocked] * 257)[0] == "ValidationException"


def test_termination_kills_the_running_step(emr: Emr):
    cluster_id = emr.run(step("block"), step("block"))
    wait_until(lambda: emr.steps(cluster_id)[0] == "RUNNING", "a running step")
    running = emr.executor.wait_for_step(emr.step_ids(cluster_id)[0])
    emr.client.terminate_job_flows(JobFlowIds=[cluster_id])
    emr.wait(cluster_id, "TERMINATED")
    assert emr.steps(cluster_id) == ["INTERRUPTED", "CANCELLED"]
    assert running.signals


def test_list_steps_pages_newest_first_and_filters(emr: Emr, cluster_id: str):
    ids = emr.add(cluster_id, *[step("block") for _ in range(60)])
    emr.executor.wait_for_step(ids[0])
    pages = list(emr.client.get_paginator("list_steps").paginate(ClusterId=cluster_id))
    assert [len(page["Steps"]) for page in pages] == [50, 10]
    assert [each["Id"] for page in pages for each in page["Steps"]] == ids[::-1]
    running = emr.client.list_steps(ClusterId=cluster_id, StepStates=["RUNNING"])["Steps"]
    assert [each["Id"] for each in running] == [ids[0]]
    chosen = emr.client.list_steps(ClusterId=cluster_id, StepIds=[ids[3], ids[1]])["Steps"]
    assert [each["Id"] for each in chosen] == [ids[3], ids[1]]


def test_list_steps_refuses_what_emr_refuses(emr: Emr, cluster_id: str):
    [step_id] = emr.add(cluster_id, step("succeed"))
    code, message = emr.error("list_steps", ClusterId=cluster_id, StepIds=[step_id] * 11)
    assert (code, "At most 10" in message) == ("ValidationException", True)
    assert emr.error("list_steps", ClusterId=cluster_id, StepIds=[step_id], StepStates=["RUNNING"]) == (
        "InvalidRequestException",
        "Cannot specify both StepIds and StepStates.",
    )
    assert emr.error("describe_step", ClusterId=cluster_id, StepId="s-NONE") == (
        "InvalidRequestException",
        "Step id 's-NONE' is not valid.",
    )


def test_a_cluster_takes_256_active_steps_and_not_one_more(emr: Emr, cluster_id: str):
    for _ in range(4):
        emr.add(cluster_id, *[step("block") for _ in range(64)])
    assert emr.error("add_job_flow_steps", JobFlowId=cluster_id, Steps=[step("block")]) == (
        "ValidationException",
        "Maximum number of active steps(State = 'Running', 'Pending' or 'Cancel_Pending') for cluster exceeded.",
    )


def test_a_step_has_at_most_10240_characters(emr: Emr, cluster_id: str):
    room = 10_240 - len("command-runner.jar") - len("succeed")
    emr.add(cluster_id, step("succeed", Args=["succeed", "x" * room]))
    code, message = emr.error(
        "add_job_flow_steps", JobFlowId=cluster_id, Steps=[step("succeed", Args=["succeed", "x" * (room + 1)])]
    )
    assert (code, "10240" in message) == ("ValidationException", True)

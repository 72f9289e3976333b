"""The trigger that watches a step for a deferred task, in an event loop as the triggerer's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from emr_pipelines.dag.trigger import StepEndTrigger
from emr_pipelines.emr.clusters import adopt_or_create, terminate_clusters, wait_until_ready
from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.emr.polling import PollInterval
from emr_pipelines.emr.steps import StepHandle, describe_step, submit_once
from tests.emr.conftest import cluster_request, shell_step


@pytest.fixture
def trigger(api: EmrApi, emr_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    extra = {"region_name": "us-east-1", "endpoint_url": emr_url}
    connection = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_EMR_LOCAL", json.dumps(connection))
    cluster = adopt_or_create(api, cluster_request())
    wait_until_ready(api, cluster, PollInterval(minimum=0.05))
    handle = submit_once(api, cluster, shell_step("sleep 300", family="0123456789ab", label="1"))
    yield StepEndTrigger(
        progress={"cluster_id": handle.cluster_id, "step_id": handle.step_id},
        aws_conn_id="emr_local",
        region_name="us-east-1",
        timeout_seconds=None,
        queue_timeout_seconds=None,
        expected_seconds=None,
    )
    terminate_clusters(api, [cluster])


def state_of(api: EmrApi, handle: StepHandle) -> str:
    return describe_step(api, handle)["Status"]["State"]


@pytest.mark.fault(
    "F37",
    "The triggerer cancels a trigger, whose task was marked or cleared, again and again while it cancels the step",
    "the step is cancelled all the same",
)
def test_a_kill_cancels_the_step_however_often_the_trigger_is_cancelled(api: EmrApi, trigger: StepEndTrigger) -> None:
    async def kill_and_insist() -> int:
        killing = asyncio.ensure_future(trigger.on_kill())
        times = 0
        while not killing.done():
            await asyncio.sleep(0.01)
            times += killing.cancel()
        await killing
        return times

    assert state_of(api, trigger.handle) in ("PENDING", "RUNNING")
    assert asyncio.run(kill_and_insist()) > 1
    assert state_of(api, trigger.handle) == "CANCELLED"

"""Requests to the EMR API as tests make them, and patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PRIMARY_GROUP = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
CORE_GROUP = {"InstanceRole": "CORE", "InstanceType": "m5.2xlarge", "InstanceCount": 2, "Market": "SPOT"}


def cluster_request(
    *steps: dict[str, Any], keep_alive: bool = False, instances: Any = None, **overrides: Any
) -> dict[str, Any]:
    """A RunJobFlow body."""
    hardware = {"InstanceGroups": [PRIMARY_GROUP]} if instances is None else instances
    return {
        "Name": "test",
        "ReleaseLabel": "emr-7.13.0",
        "Instances": {"KeepJobFlowAliveWhenNoSteps": keep_alive, **hardware},
        "ServiceRole": "EMR_DefaultRole_V2",
        "JobFlowRole": "EMR_EC2_DefaultRole",
        "Steps": list(steps),
        **overrides,
    }


def step(verb: str, on_failure: str | None = "CONTINUE", **jar_step: Any) -> dict[str, Any]:
    """A step that the fake executor ends as the verb says; `on_failure` None leaves the setting out."""
    action = {} if on_failure is None else {"ActionOnFailure": on_failure}
    return {"Name": verb, **action, "HadoopJarStep": {"Jar": "command-runner.jar", "Args": [verb], **jar_step}}


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for a condition; fail the test when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.01)

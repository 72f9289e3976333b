"""One cluster on the real server, for all tests of steps in this directory."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from textwrap import dedent
from typing import Any

import pytest

WAIT = {"Delay": 1, "MaxAttempts": 240}


class Cluster:
    """Runs steps over the EMR API and reads what they leave in S3."""

    def __init__(self, emr: Any, s3: Any) -> None:
        self._emr = emr
        self.s3 = s3
        s3.create_bucket(Bucket="steps")
        self.id = emr.run_job_flow(
            Name="steps",
            ReleaseLabel="emr-7.13.0",
            LogUri="s3://steps/logs",
            Instances={"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True},
            ServiceRole="EMR_DefaultRole_V2",
            JobFlowRole="EMR_EC2_DefaultRole",
        )["JobFlowId"]
        emr.get_waiter("cluster_running").wait(ClusterId=self.id, WaiterConfig=WAIT)

    def start(self, *args: str, jar: str = "command-runner.jar", **more: Any) -> str:
        """Submit a step and give its id."""
        jar_step = {"Jar": jar, "Args": list(args), **more}
        step = {"Name": args[0] if args else jar, "ActionOnFailure": "CONTINUE", "HadoopJarStep": jar_step}
        return self._emr.add_job_flow_steps(JobFlowId=self.id, Steps=[step])["StepIds"][0]

    def wait(self, step_id: str) -> Step:
        """Wait for a step's end, whatever that is."""
        while True:
            status = self._emr.describe_step(ClusterId=self.id, StepId=step_id)["Step"]["Status"]
            if status["State"] not in ("PENDING", "RUNNING", "CANCEL_PENDING"):
                return Step(self, step_id, status)
            time.sleep(0.2)

    def run(self, *args: str, jar: str = "command-runner.jar", **more: Any) -> Step:
        """Run a step to its end."""
        return self.wait(self.start(*args, jar=jar, **more))

    def cancel(self, step_id: str) -> None:
        """Cancel a step."""
        self._emr.cancel_steps(ClusterId=self.id, StepIds=[step_id])

    def read(self, key: str) -> bytes:
        """Give an object's bytes."""
        return self.s3.get_object(Bucket="steps", Key=key)["Body"].read()

    def write(self, key: str, content: str | bytes) -> str:
        """Put an object and give its URI."""
        body = content if isinstance(content, bytes) else dedent(content).lstrip("\n").encode()
        self.s3.put_object(Bucket="steps", Key=key, Body=body)
        return f"s3://steps/{key}"

    def keys(self, prefix: str) -> list[str]:
        """List what lies under a prefix, without it."""
        found = self.s3.list_objects_v2(Bucket="steps", Prefix=prefix).get("Contents", [])
        return [entry["Key"].removeprefix(prefix) for entry in found]

    def parts(self, prefix: str) -> list[bytes]:
        """Give the part files of an output, in their order."""
        return [self.read(f"{prefix}/{key}") for key in self.keys(f"{prefix}/") if key.startswith("part-")]

    def end(self) -> None:
        """Terminate it."""
        self._emr.terminate_job_flows(JobFlowIds=[self.id])


class Step:
    """A step that has ended."""

    def __init__(self, cluster: Cluster, step_id: str, status: dict[str, Any]) -> None:
        self._cluster = cluster
        self._id = step_id
        self.state = status["State"]
        self.failure = status.get("FailureDetails", {})

    def log(self, name: str = "stderr") -> str:
        """Give one of its logs."""
        return gzip.decompress(self._cluster.read(f"logs/{self._cluster.id}/steps/{self._id}/{name}.gz")).decode(
            errors="replace"
        )


@pytest.fixture(scope="session")
def cluster(client_for: Callable[..., Any]) -> Iterator[Cluster]:
    made = Cluster(client_for("emr"), client_for("s3"))
    yield made
    made.end()

"""The AWS CLI and boto3's waiters as clients of a real emr_local whose Spark steps really run."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WORKING = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(7).write.parquet("s3://cli-bucket/seven")
"""
FAILING = "raise ValueError('no such year: 2099')\n"


@pytest.fixture(scope="module")
def aws(emr_url: str) -> Callable[..., Any]:
    """Runs the AWS CLI against the endpoint; gives what it prints as JSON."""
    variables = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": emr_url,
        "AWS_CONFIG_FILE": os.devnull,
    }

    def run(*arguments: str) -> Any:
        command = [str(Path(sys.executable).parent / "aws"), *arguments]
        finished = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout) if finished.stdout.startswith("{") else finished.stdout

    return run


@pytest.fixture(scope="module")
def scripts(s3: Any) -> str:
    s3.create_bucket(Bucket="cli-bucket")
    s3.put_object(Bucket="cli-bucket", Key="working.py", Body=WORKING.encode())
    s3.put_object(Bucket="cli-bucket", Key="failing.py", Body=FAILING.encode())
    return "s3://cli-bucket"


def create_cluster(aws: Callable[..., Any], scripts: str, script: str) -> str:
    step = f"Type=Spark,Name={script},ActionOnFailure=CONTINUE,Args=[--deploy-mode,cluster,{scripts}/{script}]"
    options = ["--release-label", "emr-7.13.0", "--applications", "Name=Spark", "--use-default-roles"]
    options += ["--instance-type", "m5.xlarge", "--instance-count", "3", "--log-uri", f"{scripts}/logs"]
    return aws("emr", "create-cluster", "--name", "from the CLI", "--auto-terminate", *options, "--steps", step)[
        "ClusterId"
    ]


def test_a_spark_step_runs_to_its_end_on_a_cluster_that_ends_itself(
    aws: Callable[..., Any], scripts: str, s3: Any
) -> None:
    cluster = create_cluster(aws, scripts, "working.py")
    step = aws("emr", "list-steps", "--cluster-id", cluster)["Steps"][0]["Id"]
    aws("emr", "wait", "step-complete", "--cluster-id", cluster, "--step-id", step)
    aws("emr", "wait", "cluster-terminated", "--cluster-id", cluster)
    described = aws("emr", "describe-cluster", "--cluster-id", cluster)["Cluster"]
    assert described["Status"]["State"] == "TERMINATED"
    assert described["Status"]["StateChangeReason"]["Code"] == "ALL_STEPS_COMPLETED"
    assert (
        aws("emr", "describe-step", "--cluster-id", cluster, "--step-id", step)["Step"]["Status"]["State"]
        == "COMPLETED"
    )
    written = [item["Key"] for item in s3.list_objects_v2(Bucket="cli-bucket", Prefix="seven/")["Contents"]]
    assert "seven/_SUCCESS" in written


def test_a_failing_script_leaves_its_traceback_in_the_steps_log(
    aws: Callable[..., Any], scripts: str, s3: Any, client_for: Callable[..., Any]
) -> None:
    cluster = create_cluster(aws, scripts, "failing.py")
    client_for("emr").get_waiter("cluster_terminated").wait(
        ClusterId=cluster, WaiterConfig={"Delay": 1, "MaxAttempts": 240}
    )
    (step,) = client_for("emr").list_steps(ClusterId=cluster)["Steps"]
    assert step["Status"]["State"] == "FAILED"
    assert step["Status"]["FailureDetails"]["LogFile"].endswith(f"/steps/{step['Id']}/stderr.gz")
    log = s3.get_object(Bucket="cli-bucket", Key=f"logs/{cluster}/steps/{step['Id']}/stderr.gz")["Body"].read()
    text = gzip.decompress(log).decode()
    assert "Traceback (most recent call last)" in text
    assert "ValueError: no such year: 2099" in text


def test_boto3_waits_for_a_running_cluster_and_a_complete_step(scripts: str, client_for: Callable[..., Any]) -> None:
    emr = client_for("emr")
    cluster = emr.run_job_flow(
        Name="from boto3",
        ReleaseLabel="emr-7.13.0",
        Instances={"MasterInstanceType": "m5.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True},
        ServiceRole="EMR_DefaultRole_V2",
        JobFlowRole="EMR_EC2_DefaultRole",
    )["JobFlowId"]
    emr.get_waiter("cluster_running").wait(ClusterId=cluster, WaiterConfig={"Delay": 1, "MaxAttempts": 240})
    step = {
        "Name": "say",
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["echo", "hello"]},
    }
    (step_id,) = emr.add_job_flow_steps(JobFlowId=cluster, Steps=[step])["StepIds"]
    emr.get_waiter("step_complete").wait(
        ClusterId=cluster, StepId=step_id, WaiterConfig={"Delay": 1, "MaxAttempts": 240}
    )
    emr.terminate_job_flows(JobFlowIds=[cluster])
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster, WaiterConfig={"Delay": 1, "MaxAttempts": 240})

"""`aws emr`'s commands on steps and `aws s3`, each as a user types it, against a real emr_local."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emr_local.aws_cli import AwsCli
from tests.emr_local.emr_requests import wait_until

MAPPER = """#!/usr/bin/env python3
import sys
for line in sys.stdin:
    for word in line.split():
        print(f"LongValueSum:{word}\\t1")
"""


@pytest.fixture(scope="module")
def aws(emr_url: str, tmp_path_factory: pytest.TempPathFactory) -> AwsCli:
    return AwsCli(emr_url, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def cluster(aws: AwsCli, s3: Any) -> str:
    s3.create_bucket(Bucket="cli-steps")
    return aws.create_cluster("--name", "steps", "--log-uri", "s3://cli-steps/logs")


def wait_for_step(client_for: Callable[..., Any], cluster: str, step_id: str, *states: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        return client_for("emr").describe_step(ClusterId=cluster, StepId=step_id)["Step"]

    wait_until(lambda: look()["Status"]["State"] in states, f"step {step_id} in {states}", 120)
    return look()


def test_add_steps_takes_the_three_types_as_emr_wants_them(aws: AwsCli) -> None:
    blocked = "Type=CUSTOM_JAR,Name=block,ActionOnFailure=CONTINUE,Jar=command-runner.jar,Args=[sleep,600]"
    cluster = aws.create_cluster("--steps", blocked)
    steps = (
        "Type=Spark,Name=spark,ActionOnFailure=CONTINUE,Args=[--deploy-mode,cluster,s3://b/job.py,--year,2018]",
        "Type=STREAMING,Name=streaming,ActionOnFailure=CANCEL_AND_WAIT,"
        "Args=[-files,s3://b/mapper.py,-mapper,mapper.py,-reducer,aggregate,-input,s3://b/in,-output,s3://b/out]",
        "Type=CUSTOM_JAR,Name=jar,ActionOnFailure=CONTINUE,Jar=s3://b/own.jar,MainClass=a.Main,Args=[one,two]",
    )
    ids = aws.emr("add-steps", "--cluster-id", cluster, "--steps", *steps)["StepIds"]
    listed = {each["Id"]: each for each in aws.emr("list-steps", "--cluster-id", cluster)["Steps"]}
    spark, streaming, jar = (listed[each] for each in ids)
    assert spark["Config"]["Jar"] == "command-runner.jar"
    assert spark["Config"]["Args"] == ["spark-submit", "--deploy-mode", "cluster", "s3://b/job.py", "--year", "2018"]
    assert (streaming["Config"]["Jar"], streaming["ActionOnFailure"]) == ("command-runner.jar", "CANCEL_AND_WAIT")
    assert streaming["Config"]["Args"][:3] == ["hadoop-streaming", "-files", "s3://b/mapper.py"]
    assert jar["Config"] == {"Jar": "s3://b/own.jar", "Properties": {}, "MainClass": "a.Main", "Args": ["one", "two"]}
    pending = aws.emr("list-steps", "--cluster-id", cluster, "--step-states", "PENDING")["Steps"]
    assert [each["Id"] for each in pending] == ids[::-1]
    aws.emr("terminate-clusters", "--cluster-ids", cluster)


def test_a_step_is_described_with_what_became_of_it(aws: AwsCli, cluster: str, client_for: Callable[..., Any]) -> None:
    step = "Type=CUSTOM_JAR,Name=fails,ActionOnFailure=CONTINUE,Jar=command-runner.jar,Args=[bash,-c,'echo no >&2; exit 3']"
    (step_id,) = aws.emr("add-steps", "--cluster-id", cluster, "--steps", step)["StepIds"]
    wait_for_step(client_for, cluster, step_id, "FAILED")
    shown = aws.emr("describe-step", "--cluster-id", cluster, "--step-id", step_id)["Step"]
    assert (shown["Name"], shown["Status"]["State"]) == ("fails", "FAILED")
    log = shown["Status"]["FailureDetails"]["LogFile"]
    assert log == f"s3://cli-steps/logs/{cluster}/steps/{step_id}/stderr.gz"
    waited = aws.fail("emr", "wait", "step-complete", "--cluster-id", cluster, "--step-id", step_id)
    assert "StepComplete failed" in waited


def test_steps_are_cancelled_whether_they_run_or_wait(
    aws: AwsCli, cluster: str, client_for: Callable[..., Any]
) -> None:
    step = "Type=CUSTOM_JAR,Name=sleep,ActionOnFailure=CONTINUE,Jar=command-runner.jar,Args=[sleep,600]"
    running, waiting = aws.emr("add-steps", "--cluster-id", cluster, "--steps", step, step)["StepIds"]
    wait_for_step(client_for, cluster, running, "RUNNING")
    option = ("--step-cancellation-option", "TERMINATE_PROCESS")
    answers = aws.emr("cancel-steps", "--cluster-id", cluster, "--step-ids", running, waiting, *option)
    assert [each["Status"] for each in answers["CancelStepsInfoList"]] == ["SUBMITTED", "SUBMITTED"]
    for step_id in (running, waiting):
        wait_for_step(client_for, cluster, step_id, "CANCELLED")
    (answer,) = aws.emr("cancel-steps", "--cluster-id", cluster, "--step-ids", running)["CancelStepsInfoList"]
    assert answer["Status"] == "SUBMITTED"


def test_s3_commands_move_files_in_and_out(aws: AwsCli, tmp_path: Path) -> None:
    (tmp_path / "in" / "year=2018").mkdir(parents=True)
    (tmp_path / "in" / "year=2018" / "a b.csv").write_text("1,2\n")
    (tmp_path / "in" / "job.py").write_text("print(7)\n")
    for file in (tmp_path / "in").rglob("*.*"):
        os.utime(file, (0, 0))  # S3's times have whole seconds: a file of this second would look newer than its object
    assert "make_bucket: cli-files" in aws.run("s3", "mb", "s3://cli-files")
    aws.run("s3", "cp", str(tmp_path / "in" / "job.py"), "s3://cli-files/jobs/job.py")
    aws.run("s3", "sync", str(tmp_path / "in"), "s3://cli-files/data/")
    assert aws.run("s3", "sync", str(tmp_path / "in"), "s3://cli-files/data/") == ""
    listed = aws.run("s3", "ls", "--recursive", "s3://cli-files/")
    assert [line.split(maxsplit=3)[3] for line in listed.splitlines()] == [
        "data/job.py",
        "data/year=2018/a b.csv",
        "jobs/job.py",
    ]
    aws.run("s3", "cp", "--recursive", "s3://cli-files/data", str(tmp_path / "out"))
    assert (tmp_path / "out" / "year=2018" / "a b.csv").read_text() == "1,2\n"
    assert aws.run("s3", "cp", "s3://cli-files/jobs/job.py", "-") == "print(7)\n"
    aws.run("s3", "rb", "--force", "s3://cli-files")


def test_the_commands_of_the_documentation_show_a_steps_output(
    aws: AwsCli, cluster: str, s3: Any, client_for: Callable[..., Any]
) -> None:
    s3.put_object(Bucket="cli-steps", Key="jobs/hello.py", Body=b"print('hello')\n")
    step = "Type=Spark,Name=hello,ActionOnFailure=CONTINUE,Args=[--deploy-mode,client,s3://cli-steps/jobs/hello.py]"
    (step_id,) = aws.emr("add-steps", "--cluster-id", cluster, "--steps", step)["StepIds"]
    wait_for_step(client_for, cluster, step_id, "COMPLETED")
    log = s3.get_object(Bucket="cli-steps", Key=f"logs/{cluster}/steps/{step_id}/stdout.gz")["Body"].read()
    assert gzip.decompress(log) == b"hello\n"


def test_a_streaming_step_counts_with_scripts_of_the_users(
    aws: AwsCli, cluster: str, s3: Any, client_for: Callable[..., Any]
) -> None:
    s3.put_object(Bucket="cli-steps", Key="mapper.py", Body=MAPPER.encode())
    s3.put_object(Bucket="cli-steps", Key="in/a.txt", Body=b"to be or\nnot to be\n")
    files = "-files,s3://cli-steps/mapper.py,-mapper,mapper.py,-reducer,aggregate"
    places = "-input,s3://cli-steps/in/,-output,s3://cli-steps/counted/"
    step = f"Type=STREAMING,Name=count,ActionOnFailure=CONTINUE,Args=[{files},{places}]"
    (step_id,) = aws.emr("add-steps", "--cluster-id", cluster, "--steps", step)["StepIds"]
    wait_for_step(client_for, cluster, step_id, "COMPLETED", "FAILED")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="cli-steps", Prefix="counted/part-")["Contents"]]
    parts = b"".join(s3.get_object(Bucket="cli-steps", Key=key)["Body"].read() for key in keys)
    assert sorted(parts.decode().splitlines()) == ["be\t2", "not\t1", "or\t1", "to\t2"]

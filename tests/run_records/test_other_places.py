"""Runs on AWS, whose logs are on S3 only; on clusters that serve many runs; and runs that left no record."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.plan.keys import step_label
from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY
from tests.emr.conftest import cluster_request
from tests.run_records.conftest import BUCKET, FAILED, FINE, Told, look, status
from tests.run_records.pipelines import LOOKED_AT, SINGLE_STEPS

pytestmark = pytest.mark.xdist_group("run_records")
ON_AWS = "on_aws"
COMMAND_ARGUMENTS = ["bash", "-c", "echo printed; echo complained >&2; exit 3"]


@pytest.fixture(scope="module")
def on_aws(runs: Path, emr_url: str) -> Callable[..., Told]:
    """A verb in an environment without an endpoint of its own, whose AWS is this session's emr_local."""
    local = (runs / "config" / "environments" / "local.yaml").read_text()
    lines = [line for line in local.splitlines() if "endpoint_url" not in line]
    text = "\n".join(lines).replace("name: local", f"name: {ON_AWS}").split("# Made by")[0]
    (runs / "config" / "environments" / f"{ON_AWS}.yaml").write_text(text)

    def run(*words: str) -> Told:
        return look(
            runs,
            *words,
            "--env",
            ON_AWS,
            AWS_ENDPOINT_URL=emr_url,
            AWS_ACCESS_KEY_ID="any",
            AWS_SECRET_ACCESS_KEY="any",
        )

    return run


@pytest.fixture(scope="module")
def unrecorded(api: EmrApi, runs: Path) -> Any:
    """A cluster of a run that an older version made, with a step that has failed: its id, and the step's."""
    key = "0123456789ab"
    tags = {"key": f"{key}/main", "dag_id": "older", "run_id": "scheduled__2005-01-01T00-00-00-00-00-0a1b2c"}
    request = cluster_request(
        Name=f"emr-pipelines/older/{key}/main",
        LogUri=f"{BUCKET}/logs/",
        Tags=[{"Key": f"emr-pipelines:{name}", "Value": value} for name, value in tags.items()],
    )
    cluster_id = api.write.run_job_flow(**request)["JobFlowId"]
    step = {
        "Name": step_label("work", "0123456789ab.1"),
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": COMMAND_ARGUMENTS},
    }
    (step_id,) = api.write.add_job_flow_steps(JobFlowId=cluster_id, Steps=[step])["StepIds"]
    waiter = api.read.get_waiter("step_complete")
    with pytest.raises(Exception, match="terminal failure"):
        waiter.wait(ClusterId=cluster_id, StepId=step_id, WaiterConfig={"Delay": 1})
    yield cluster_id, step_id
    api.read.terminate_job_flows(JobFlowIds=[cluster_id])


def test_a_run_on_aws_is_told_in_the_same_words(on_aws: Callable[..., Any], runs: Path) -> None:
    there, here = json.loads(on_aws("status", LOOKED_AT, "--json", "--date", FINE).stdout), status(runs, "--date", FINE)
    assert there["environment"] == ON_AWS
    for report in (there, here):
        del report["environment"]
    assert there == here


def test_logs_on_s3_are_unzipped(on_aws: Callable[..., Any]) -> None:
    told = on_aws("logs", LOOKED_AT, "flaky", "--date", FINE, "--stdout")
    assert told.stdout == "the second time\n"
    assert "/steps/s-" in told.stderr
    assert on_aws("logs", LOOKED_AT, "last", "--date", FAILED, "--lines", "1").stdout.startswith(
        "ValueError: no purchases"
    )
    assert "waitProcessCompletion" in on_aws("logs", LOOKED_AT, "last", "--date", FAILED, "--controller").stdout


def test_a_log_that_emr_has_not_copied_yet_is_said(on_aws: Callable[..., Any], unrecorded: Any, s3: Any) -> None:
    cluster_id, step_id = unrecorded
    keys = [f"logs/{cluster_id}/steps/{step_id}/{name}.gz" for name in ("stderr", "stdout", "controller", "syslog")]
    bucket = BUCKET.removeprefix("s3://")
    kept = {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)
    told = on_aws("logs", step_id)
    for key, body in kept.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert told.returncode == 1
    assert told.stderr.startswith(
        f"There is no stderr: step work ({step_id}) is FAILED. EMR copies the last logs up to five minutes after"
    )
    assert f"{BUCKET}/{keys[0]}" in told.stderr


def test_the_driver_and_the_executors_have_logs_of_their_own(
    on_aws: Callable[..., Any], unrecorded: Any, s3: Any
) -> None:
    cluster_id, step_id = unrecorded
    bucket, application = BUCKET.removeprefix("s3://"), "application_1700000000000_0001"
    container = f"logs/{cluster_id}/containers/{application}/container_1700000000000_0001_01"
    stderr = f"logs/{cluster_id}/steps/{step_id}/stderr.gz"
    kept = s3.get_object(Bucket=bucket, Key=stderr)["Body"].read()
    texts = {
        stderr: f"Submitted application {application}\n",
        f"{container}_000001/stdout.gz": "what the script printed\n",
        f"{container}_000002/stderr.gz": "what an executor complained of\n",
    }
    for key, text in texts.items():
        s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(text.encode()))
    driver, executor = on_aws("logs", step_id, "--driver"), on_aws("logs", step_id, "--executor")
    s3.put_object(Bucket=bucket, Key=stderr, Body=kept)
    assert driver.stdout == "what the script printed\n"
    assert executor.stdout == "what an executor complained of\n"
    assert "stderr of container_1700000000000_0001_01_000002" in executor.stderr


def test_open_on_aws_gives_pages_of_the_console(on_aws: Callable[..., Any], unrecorded: Any) -> None:
    start = "https://console.aws.amazon.com"
    page = on_aws("open", LOOKED_AT, "--date", FINE, "--print").stdout
    assert page == f"{start}/s3/object/emr-pipelines-local?region=us-east-1&prefix=looked_at/year=2001/index.html\n"
    cluster_id, step_id = unrecorded
    cluster = on_aws("open", cluster_id, "--cluster", "--print").stdout
    assert cluster == f"{start}/emr/home?region=us-east-1#/clusterDetails/{cluster_id}\n"
    log = on_aws("open", step_id, "--log", "--print").stdout
    assert (
        log
        == f"{start}/s3/object/emr-pipelines-local?region=us-east-1&prefix=logs/{cluster_id}/steps/{step_id}/stderr.gz\n"
    )


def test_a_run_without_a_record_is_shown_by_its_cluster_and_never_green(runs: Path, unrecorded: Any) -> None:
    cluster_id, step_id = unrecorded
    for wanted in (cluster_id, "older"):
        report = status(runs, pipeline=wanted)
        assert (report["date"], [step["name"] for step in report["steps"]]) == ("2005-01-01", ["work"])
        assert report["state"] == "running"  # its cluster lives
    assert "complained" in look(runs, "logs", step_id).stdout
    told = look(runs, "diagnose", step_id)
    assert (told.returncode, "is FAILED: Unknown Error. complained" in told.stdout) == (1, True)


def test_a_run_of_a_single_step_is_found_on_the_cluster_that_waits(runs: Path) -> None:
    ran = run_tool(runs, "run", SINGLE_STEPS, "--inline", "--step", "last", "--date", "2004-01-01")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report = status(runs, pipeline=SINGLE_STEPS)
    assert (report["date"], report["state"]) == ("2004-01-01", "success")
    assert [step["name"] for step in report["steps"]] == ["last"]
    (cluster,) = report["clusters"]
    assert (cluster["state"], cluster["is_own"]) == ("WAITING", False)
    assert status(runs, pipeline=cluster["cluster_id"])["run_id"] == report["run_id"]
    assert "  of single steps: last\n" in look(runs, "status", SINGLE_STEPS).stdout
    # No run of single steps is what `plan --against published` compares with.
    assert look(runs, "plan", SINGLE_STEPS, "--against", "published").returncode == 0
    ended = run_tool(runs, "run", SINGLE_STEPS, "--inline", "--step", "last", "--date", "2004-01-01", "--terminate")
    assert ended.returncode == 0


def test_a_run_on_a_long_running_cluster_is_told_from_others_there(runs: Path, api: EmrApi) -> None:
    cluster_id = api.write.run_job_flow(**{**cluster_request(), "Name": "always there", "LogUri": f"{BUCKET}/logs/"})[
        "JobFlowId"
    ]
    api.read.get_waiter("cluster_running").wait(ClusterId=cluster_id, WaiterConfig={"Delay": 1})
    spec = runs / "config" / "pipelines" / "guest.yaml"
    spec.write_text(
        f"name: guest\ncluster: {{id: {cluster_id}}}\nsteps:\n  - {{name: greet, command: [echo, hello]}}\n"
    )
    first, second = (
        run_tool(runs, "run", "guest", "--inline", "--date", date) for date in ("2001-01-01", "2002-01-01")
    )
    api.read.terminate_job_flows(JobFlowIds=[cluster_id])
    spec.unlink()
    assert (first.returncode, second.returncode) == (0, 0)
    reports = [status(runs, "--date", date, pipeline="guest") for date in ("2001-01-01", "2002-01-01")]
    assert [report["state"] for report in reports] == ["success", "success"]
    steps = [report["steps"][0]["attempts"][0]["step_id"] for report in reports]
    assert len({*steps}) == 2
    assert look(runs, "logs", "guest", "greet", "--date", "2001-01-01").stdout == "hello\n"


def test_on_a_terminal_the_status_moves_until_the_run_has_ended(runs: Path) -> None:
    """A run that has ended is shown at once and once."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins"), "COLUMNS": "80", "TERM": "xterm"}
    command = [sys.executable, "-m", "emr_pipelines", "status", LOOKED_AT, "--date", FINE, "--watch"]
    ended = subprocess.run(command, cwd=runs, env=environment, stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert ended.returncode == 0, ended.stderr
    assert shown.count(f"{LOOKED_AT} {FINE}: success") == 1

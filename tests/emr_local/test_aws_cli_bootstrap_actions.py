"""Bootstrap actions of clusters that a user creates: checked by a usual emr_local, run by one that is told to."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emr_local.clusters.launching.bootstrap_actions import BootstrapFailure, FailureKind
from emr_local.clusters.launching.bootstrapping import LocalBootstrapper
from emr_local.operations.parameters.cluster import create_cluster
from tests.aws_clients import client
from tests.conftest import is_running, start_emr_local
from tests.emr_local.aws_cli import AwsCli
from tests.emr_local.emr_requests import cluster_request, wait_until

OWN = "s3://elasticmapreduce/bootstrap-actions"
RUN_IF = "s3://us-east-1.elasticmapreduce/bootstrap-actions/run-if"


class Lab:
    """A server, what a test puts into its S3, and the clusters that it launches there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.emr = client(url, "emr")
        self.s3 = client(url, "s3")
        self.s3.create_bucket(Bucket="boot")

    def put(self, name: str, text: str) -> str:
        self.s3.put_object(Bucket="boot", Key=name, Body=text.encode())
        return f"s3://boot/{name}"

    def launch(self, *actions: tuple[str, ...]) -> str:
        """A cluster with these bootstrap actions: a path and its arguments each."""
        configured = [
            {"Name": path.rpartition("/")[2], "ScriptBootstrapAction": {"Path": path, "Args": args}}
            for path, *args in actions
        ]
        request = cluster_request(keep_alive=True, BootstrapActions=configured, LogUri="s3://boot/logs/")
        return self.emr.run_job_flow(**request)["JobFlowId"]

    def status(self, cluster_id: str) -> dict[str, Any]:
        return self.emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]

    def wait(self, cluster_id: str, *states: str) -> dict[str, Any]:
        wait_until(lambda: self.status(cluster_id)["State"] in states, f"{cluster_id} in {states}", 60)
        return self.status(cluster_id)

    def wait_failed(self, cluster_id: str) -> str:
        """EMR's reason for a launch that failed, with the instance's id as `i-…`."""
        reason = self.wait(cluster_id, "TERMINATED_WITH_ERRORS")["StateChangeReason"]
        assert reason["Code"] == "BOOTSTRAP_FAILURE"
        return reason["Message"].replace(self.node(cluster_id), "i-…")

    def node(self, cluster_id: str) -> str:
        return self.emr.list_instances(ClusterId=cluster_id)["Instances"][0]["Ec2InstanceId"]

    def logs(self, cluster_id: str, number: int = 1) -> dict[str, str]:
        folder = f"logs/{cluster_id}/node/{self.node(cluster_id)}/bootstrap-actions/{number}/"
        found = self.s3.list_objects_v2(Bucket="boot", Prefix=folder).get("Contents", [])
        bodies = {each["Key"]: self.s3.get_object(Bucket="boot", Key=each["Key"])["Body"].read() for each in found}
        return {
            key.removeprefix(folder).removesuffix(".gz"): gzip.decompress(body).decode() for key, body in bodies.items()
        }


@pytest.fixture(scope="module")
def checking(emr_url: str) -> Lab:
    return Lab(emr_url)


@pytest.fixture(scope="module")
def run_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emr_local_run")


@pytest.fixture(scope="module")
def running(run_state: Path) -> Iterator[Lab]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_OF_USER", "secret")
        server, url = start_emr_local(run_state, "--bootstrap-actions", "run", "--spark-submit", "plain")
    yield Lab(url)
    server.terminate()
    server.wait(20)


def test_a_script_that_is_in_order_is_not_run(checking: Lab, tmp_path: Path) -> None:
    script = checking.put("touch.sh", f"#!/bin/bash\ntouch {tmp_path}/ran\n")
    cluster_id = checking.launch((script,))
    checking.wait(cluster_id, "WAITING")
    assert not (tmp_path / "ran").exists()
    assert checking.logs(cluster_id) == {}


def test_the_cli_shows_why_a_launch_failed(checking: Lab, tmp_path: Path) -> None:
    aws = AwsCli(checking.url, tmp_path)
    good = checking.put("good.sh", "echo fine\n")
    actions = (f"Path={good},Args=[a,b]", "Path=s3://boot/misspelt.sh,Name=two")
    cluster_id = aws.create_cluster("--bootstrap-actions", *actions)
    message = checking.wait_failed(cluster_id)
    assert message == "Master instance (i-…) failed attempting to download bootstrap action 2 file from S3"
    reason = ("--query", "Cluster.Status.StateChangeReason.Code", "--output", "text")
    assert aws.emr("describe-cluster", "--cluster-id", cluster_id, *reason) == "BOOTSTRAP_FAILURE\n"


@pytest.mark.parametrize("path", ["s3://no-such-bucket/x.sh", "s3://boot/../../lock", "s3://boot/folder/"])
def test_an_object_that_is_not_there_cannot_be_downloaded(checking: Lab, path: str) -> None:
    assert "failed attempting to download bootstrap action 1" in checking.wait_failed(checking.launch((path,)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#!/bin/bash -xe\nif true; then\n", "syntax error"),
        ("#!/usr/bin/env bash\necho 'open\n", "unexpected EOF"),
        ("echo one\nfi\n", "syntax error"),
        ("#!/bin/sh\ncase x in\n", "syntax error"),
        ("#!/bin/bash\r\necho windows\r\n", "bad interpreter"),
    ],
)
def test_a_script_that_no_shell_could_run_fails_with_the_shells_words(checking: Lab, text: str, said: str) -> None:
    cluster_id = checking.launch((checking.put("broken.sh", text),))
    message = checking.wait_failed(cluster_id)
    assert message == "On the master instance (i-…), bootstrap action 1 returned a non-zero return code"
    logs = checking.logs(cluster_id)
    assert said in logs["stderr"]
    assert "ended with exit code 2" in logs["controller"]


@pytest.mark.parametrize(
    "text",
    [
        "#!/usr/bin/env python3\nif True:\n    print('then')\n",
        "#!/bin/sh\nlist=(a b)\necho ${list[@]}\n",
        "\x7fELF\0\0((",
    ],
)
def test_what_is_no_shell_script_or_one_of_bash_passes(checking: Lab, text: str) -> None:
    checking.wait(checking.launch((checking.put("other", text),)), "WAITING")


def test_actions_of_aws_and_of_the_nodes_image_are_taken_as_given(checking: Lab) -> None:
    actions = [(f"{OWN}/install-ganglia",), ("file:/usr/share/aws/emr/scripts/s3get", "-f"), (RUN_IF,)]
    checking.wait(checking.launch(*actions), "WAITING")


def test_the_script_behind_run_if_is_checked(checking: Lab) -> None:
    cluster_id = checking.launch((RUN_IF, "instance.isMaster=false", "s3://boot/gone.sh"))
    assert "failed attempting to download bootstrap action 1" in checking.wait_failed(cluster_id)


def test_a_path_that_emr_does_not_take_is_refused(checking: Lab, tmp_path: Path) -> None:
    options = ("--release-label", "emr-7.13.0", "--use-default-roles", "--instance-type", "m5.xlarge")
    error = AwsCli(checking.url, tmp_path).fail(
        "emr", "create-cluster", *options, "--instance-count", "1", "--bootstrap-actions", "Path=install.sh"
    )
    assert "must be a location in Amazon S3 or a local path starting with 'file:'" in error


def test_actions_run_in_order_in_a_home_of_their_own(running: Lab, run_state: Path) -> None:
    first = running.put("first.sh", 'echo "$PWD" "$@"; echo one > order; test -z "$SECRET_OF_USER"\n')
    second = running.put(
        "second.sh", "#!/bin/bash -e\ncd\ncat order\nsudo -E -u hadoop NAME=x env | grep ^NAME=\necho warned >&2\n"
    )
    third = running.put("third.py", "#!/usr/bin/env python3\nimport os\nprint(os.environ['EMR_CLUSTER_ID'])\n")
    cluster_id = running.launch((first, "a b", "c"), (second,), (third,))
    running.wait(cluster_id, "WAITING")
    home = run_state.resolve() / "bootstrap" / cluster_id / "home"
    assert running.logs(cluster_id, 1)["stdout"] == f"{home} a b c\n"
    assert running.logs(cluster_id, 2)["stdout"] == "one\nNAME=x\n"
    assert running.logs(cluster_id, 2)["stderr"] == "warned\n"
    assert running.logs(cluster_id, 3)["stdout"] == f"{cluster_id}\n"
    assert "ended with exit code 0" in running.logs(cluster_id, 3)["controller"]
    running.emr.terminate_job_flows(JobFlowIds=[cluster_id])
    running.wait(cluster_id, "TERMINATED")
    assert not home.exists()


def test_a_script_that_fails_ends_the_launch_and_those_after_it(running: Lab) -> None:
    good, bad = running.put("good.sh", "true\n"), running.put("bad.sh", "echo 'no such package' >&2\nexit 7\n")
    cluster_id = running.launch((good,), (bad,), (good,))
    assert running.wait_failed(cluster_id) == (
        "On the master instance (i-…), bootstrap action 2 returned a non-zero return code"
    )
    assert running.logs(cluster_id, 2)["stderr"] == "no such package\n"
    assert "ended with exit code 7" in running.logs(cluster_id, 2)["controller"]
    assert running.logs(cluster_id, 3) == {}


def test_a_script_reaches_s3_through_the_cli(running: Lab) -> None:
    script = running.put("copy.sh", "aws s3 cp s3://boot/copy.sh copied && cmp copied copied\n")
    running.wait(running.launch((script,)), "WAITING")


def test_run_if_runs_what_a_primary_node_would(running: Lab) -> None:
    script = running.put("args.sh", 'echo "$#" "$1"\n')
    cluster_id = running.launch(
        (RUN_IF, "instance.isMaster=true", script, "x"),
        (RUN_IF, "instance.isMaster=true", "echo", "a", "command"),
        (RUN_IF, "instance.isMaster=false", "exit 9"),
        (RUN_IF, "instance.isMaster!=true", "exit 9"),
        (RUN_IF, "instance.unheard=of", "exit 9"),
    )
    running.wait(cluster_id, "WAITING")
    assert [running.logs(cluster_id, number).get("stdout") for number in range(1, 6)] == [
        "1 x\n",
        "a command\n",
        *(None, None, None),
    ]


def test_an_interpreter_that_is_not_here_fails_the_launch(running: Lab) -> None:
    cluster_id = running.launch((running.put("x.rb", "#!/no/such/ruby\nputs 1\n"),))
    assert "returned a non-zero return code" in running.wait_failed(cluster_id)
    assert "/no/such/ruby" in running.logs(cluster_id)["stderr"]


def test_terminating_a_cluster_ends_the_script_and_what_it_left_in_the_background(running: Lab, tmp_path: Path) -> None:
    text = f"echo $$ > {tmp_path}/parent\nsleep 600 & echo $! > {tmp_path}/child\n"
    left = running.launch((running.put("leaves.sh", text),))
    running.wait(left, "WAITING")
    child = int((tmp_path / "child").read_text())
    assert is_running(child)
    held = running.launch((running.put("hangs.sh", f"{text}sleep 600\n"),))
    wait_until(lambda: int((tmp_path / "child").read_text() or child) != child, "the second script", 30)
    assert running.status(held)["State"] == "BOOTSTRAPPING"
    pids = [child, *(int((tmp_path / name).read_text()) for name in ("child", "parent"))]
    running.emr.terminate_job_flows(JobFlowIds=[left, held])
    for cluster_id in (left, held):
        assert running.wait(cluster_id, "TERMINATED")["StateChangeReason"]["Code"] == "USER_REQUEST"
    assert [pid for pid in pids if is_running(pid)] == []


def test_a_killed_server_ends_the_script_at_its_next_start_and_runs_it_again(tmp_path: Path) -> None:
    state, pids = tmp_path / "state", tmp_path / "pids"
    options = ("--bootstrap-actions", "run", "--spark-submit", "plain")
    server, url = start_emr_local(state, *options)
    lab = Lab(url)
    script = lab.put("once.sh", f"echo $$ >> {pids}\n[ $(wc -l < {pids}) -gt 1 ] || sleep 600\n")
    cluster_id = lab.launch((script,))
    wait_until(lambda: pids.exists() and pids.read_text().endswith("\n"), "the script", 30)
    server.kill()
    server.wait(20)
    first = int(pids.read_text())
    assert is_running(first)
    server, url = start_emr_local(state, *options, port=int(url.rpartition(":")[2]))
    try:
        lab.wait(cluster_id, "WAITING")
        assert not is_running(first)
        assert len(pids.read_text().splitlines()) == 2
    finally:
        server.terminate()
        server.wait(20)


def test_an_action_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    (tmp_path / "s3" / "boot").mkdir(parents=True)
    (tmp_path / "s3" / "boot" / "slow.sh").write_text("echo $$\nsleep 600\n")
    action = {"Name": "slow", "ScriptBootstrapAction": {"Path": "s3://boot/slow.sh"}}
    cluster = create_cluster(cluster_request(BootstrapActions=[action]), "us-east-1", 0.0)
    bootstrapper = LocalBootstrapper(tmp_path, tmp_path / "s3", run=True, endpoint_url="", time_limit_s=1.0)
    outcome = bootstrapper.bootstrap(cluster)
    assert outcome.failure == BootstrapFailure(number=1, kind=FailureKind.TIMEOUT)
    assert (
        outcome.failure.kind.format("i-1", 1) == "On the master instance (i-1), bootstrap action 1 timed out executing"
    )
    assert not is_running(int(outcome.logs[0].stdout))

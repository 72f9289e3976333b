"""What a server still knows after it was killed or stopped, and that two servers never share a directory."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emr_local.clusters.journal import Journal
from emr_local.clusters.states import SERVER_STOPPED
from emr_local.clusters.store import Store
from emr_local.host.explained_errors import StartupError
from tests.aws_clients import client_asking_once
from tests.emr_local.conftest import Emr
from tests.emr_local.emr_requests import cluster_request, step, wait_until
from tests.stop_signals import signal_another_thread

REPOSITORY = Path(__file__).resolve().parents[2]


class ServerProcess:
    """A server that a test may kill."""

    def __init__(self, state_dir: Path, port: int = 0) -> None:
        command = [sys.executable, "-m", "tests.emr_local.fake_server", str(state_dir), str(port)]
        environment = {"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'plugins'}", "PATH": ""}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=state_dir, env=environment)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.client = client_asking_once(self.url)

    def states(self, cluster_id: str) -> list[str]:
        steps = self.client.list_steps(ClusterId=cluster_id)["Steps"]
        return [each["Status"]["State"] for each in reversed(steps)]

    def cluster_state(self, cluster_id: str) -> str:
        return self.client.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]["State"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ServerProcess]]:
    servers = []

    def start_one(port: int = 0) -> ServerProcess:
        servers.append(ServerProcess(tmp_path, port))
        return servers[-1]

    yield start_one
    for server in servers:
        server.process.kill()
        server.process.wait()


@pytest.mark.fault(
    "F55",
    "emr_local is killed (SIGKILL) and started again",
    "it knows its clusters and steps; the step that ran is FAILED with the reason, those behind it run; a cluster goes on or ends by the step's `on_failure`",
)
def test_a_killed_server_knows_its_clusters_and_fails_what_ran(start: Callable[..., ServerProcess]):
    first = start()
    request = cluster_request(
        step("succeed"), step("block"), step("succeed"), keep_alive=True, Tags=[{"Key": "k", "Value": "v"}]
    )
    going_on = first.client.run_job_flow(**request)["JobFlowId"]
    going_down = first.client.run_job_flow(**cluster_request(step("block", "TERMINATE_CLUSTER"), step("succeed")))[
        "JobFlowId"
    ]
    first.client.create_security_configuration(Name="kept", SecurityConfiguration="{}")
    wait_until(lambda: first.states(going_on) == ["COMPLETED", "RUNNING", "PENDING"], "a running step")
    wait_until(lambda: first.states(going_down) == ["RUNNING", "PENDING"], "a running step")
    before = first.client.describe_cluster(ClusterId=going_on)["Cluster"]
    first.process.kill()
    first.process.wait()

    second = start(urlsplit(first.url).port)

    assert second.url == first.url
    wait_until(lambda: second.cluster_state(going_on) == "WAITING", "the waiting cluster")
    assert second.states(going_on) == ["COMPLETED", "FAILED", "COMPLETED"]
    failed = second.client.list_steps(ClusterId=going_on, StepStates=["FAILED"])["Steps"][0]["Status"]
    assert failed["FailureDetails"]["Reason"] == SERVER_STOPPED
    wait_until(lambda: second.cluster_state(going_down) == "TERMINATED_WITH_ERRORS", "the other cluster's end")
    assert second.states(going_down) == ["FAILED", "CANCELLED"]
    after = second.client.describe_cluster(ClusterId=going_on)["Cluster"]
    del before["Status"], after["Status"]
    assert after == before
    assert second.client.describe_security_configuration(Name="kept")["SecurityConfiguration"] == "{}"


def test_a_stopped_server_ends_its_steps_and_the_next_one_fails_them(start: Callable[..., ServerProcess]):
    first = start()
    cluster_id = first.client.run_job_flow(**cluster_request(step("block"), keep_alive=True))["JobFlowId"]
    wait_until(lambda: first.states(cluster_id) == ["RUNNING"], "a running step")
    signal_another_thread(first.process.pid, signal.SIGTERM)
    assert first.process.wait(15) == 0

    second = start()

    wait_until(lambda: second.states(cluster_id) == ["FAILED"], "the failed step")
    [failed] = second.client.list_steps(ClusterId=cluster_id)["Steps"]
    assert failed["Status"]["FailureDetails"]["Reason"] == SERVER_STOPPED


def test_what_changed_after_a_restart_survives_the_next_one(create_emr: Callable[..., Emr], tmp_path: Path):
    first = create_emr(tmp_path)
    first.client.create_security_configuration(Name="gone", SecurityConfiguration="{}")
    first.client.create_security_configuration(Name="kept", SecurityConfiguration='{"a": 1}')
    first.client.delete_security_configuration(Name="gone")
    blocking = {"BlockPublicSecurityGroupRules": False, "PermittedPublicSecurityGroupRuleRanges": []}
    first.client.put_block_public_access_configuration(BlockPublicAccessConfiguration=blocking)
    cluster_id = first.run(step("succeed"), keep_alive=False)
    ended = first.wait(cluster_id, "TERMINATED")
    steps = first.client.list_steps(ClusterId=cluster_id)["Steps"]
    for _ in range(2):
        first.server.close()
        first = create_emr(tmp_path)
        assert first.cluster(cluster_id) == ended
        assert first.client.list_steps(ClusterId=cluster_id)["Steps"] == steps
        names = [each["Name"] for each in first.client.list_security_configurations()["SecurityConfigurations"]]
        assert names == ["kept"]
        shown = first.client.get_block_public_access_configuration()["BlockPublicAccessConfiguration"]
        assert shown["BlockPublicSecurityGroupRules"] is False


def test_two_servers_cannot_share_a_state_directory(tmp_path: Path):
    store = Store(tmp_path)
    with pytest.raises(StartupError, match="in use by another emr_local"):
        Store(tmp_path)
    store.close()
    Store(tmp_path).close()


def write_journal(directory: Path, text: str) -> Path:
    path = directory / "journal.jsonl"
    path.write_text(text)
    return path


def test_a_last_line_that_a_kill_cut_short_is_forgotten(tmp_path: Path):
    path = write_journal(
        tmp_path, '{"kind": "public_access", "record": {"configuration": {}, "created_at": 1.5}}\n{"kind": "clu'
    )
    store = Store(tmp_path)
    assert store.public_access == {"configuration": {}, "created_at": 1.5}
    assert [entry["kind"] for entry in Journal(path).read()] == ["public_access"]
    store.close()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            '{"kind": "public_acc\n{"kind": "x", "record": {}}\n',
            r"journal\.jsonl:1: this line of the journal is not JSON",
        ),
        ('{"kind": "future", "record": {}}\n', "unknown kind 'future'"),
        ('{"kind": "step", "record": {"step_id": "s-1"}}\n', "cannot read"),
    ],
)
def test_a_journal_that_cannot_be_read_is_refused_and_the_directory_let_go(tmp_path: Path, text: str, cause: str):
    path = write_journal(tmp_path, text)
    for _ in range(2):
        with pytest.raises(StartupError, match=cause):
            Store(tmp_path)
    assert path.read_text() == text


def test_a_journal_holds_each_fact_once_after_a_restart(create_emr: Callable[..., Emr], tmp_path: Path):
    emr = create_emr(tmp_path)
    cluster_id = emr.run(step("succeed"), step("succeed"), keep_alive=False)
    emr.wait(cluster_id, "TERMINATED")
    emr.server.close()
    Store(tmp_path).close()
    entries: list[Any] = Journal(tmp_path / "journal.jsonl").read()
    assert [entry["kind"] for entry in entries] == ["cluster", "step", "step", "public_access"]


@pytest.mark.fault(
    "F56",
    "The disk is full for a while as emr_local runs",
    "requests that change something are refused with InternalServerException; when there is room again the steps go on and nothing is lost",
)
def test_a_disk_that_is_full_for_a_while_stops_nothing_for_good(
    create_emr: Callable[..., Emr], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("CRITICAL", logger="emr_local")
    emr = create_emr(tmp_path)
    cluster_id = emr.run(step("block"), step("succeed"))
    wait_until(lambda: emr.steps(cluster_id) == ["RUNNING", "PENDING"], "a running step")
    running = emr.executor.wait_for_step(emr.step_ids(cluster_id)[0])
    attempts = []

    def append(journal: Journal, entries: object) -> None:
        attempts.append(entries)
        raise OSError(28, "No space left on device")

    # A patch, since a full disk cannot be had otherwise.
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", append)
        running.release()
        wait_until(lambda: len(attempts) > 0, "a failing write")
        assert emr.error("add_tags", ResourceId=cluster_id, Tags=[{"Key": "a"}])[0] == "InternalServerException"
        assert emr.steps(cluster_id) == ["RUNNING", "PENDING"]
    emr.wait_steps(cluster_id, "COMPLETED", "COMPLETED")

"""That the server goes on when something goes wrong that nobody foresaw, and says so when it cannot."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emr_local.clusters.launching.launch_failures import LaunchStop
from emr_local.clusters.launching.launches import Launches
from emr_local.clusters.store import Store
from emr_local.clusters.supervision import Supervisor
from emr_local.faults.fault_registry import FaultRegistry
from emr_local.operations.parameters.cluster import create_cluster
from emr_local.resources.records import ClusterRecord, ClusterState, JobFlow
from tests.emr_local.conftest import FAST, Emr
from tests.emr_local.emr_requests import cluster_request, step, wait_until
from tests.emr_local.fakes import FakeExecutor


class FragileLaunches(Launches):
    """Fails at clusters that are named `broken`."""

    def find(self, cluster: ClusterRecord) -> LaunchStop | None:
        if cluster.name == "broken":
            raise LookupError("a launch that nobody foresaw")
        return super().find(cluster)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def supervisor(store: Store) -> Iterator[Supervisor]:
    launches = FragileLaunches(
        store=store, registry=FaultRegistry(), put_object=lambda bucket, key, content: True, bootstrapper=None
    )
    made = Supervisor(store=store, executor=FakeExecutor(), clock=time.time, delays=FAST, launches=launches)
    made.start()
    yield made
    made.stop()


def launch(store: Store, name: str) -> Callable[[], ClusterRecord]:
    """Make a cluster; gives what tells how it stands."""
    cluster = create_cluster(cluster_request(keep_alive=True, Name=name), "us-east-1", time.time())
    with store.changed:
        store.save_flow(JobFlow(cluster=cluster, steps=()))

    def look() -> ClusterRecord:
        with store.changed:
            return store.find_flow(cluster.cluster_id).cluster

    return look


def read_health(emr: Emr) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{emr.server.url}/_emr_local/health") as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_cluster_that_cannot_be_moved_on_ends_and_the_others_go_on(
    store: Store, supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    broken, other = launch(store, "broken"), launch(store, "other")
    wait_until(lambda: broken().state is ClusterState.TERMINATING, "the end of the broken cluster", 10)
    assert "LookupError('a launch that nobody foresaw')" in broken().reason_message
    wait_until(lambda: other().state is ClusterState.WAITING, "the other cluster", 10)
    assert "Traceback" in caplog.text
    assert supervisor.alive


def test_a_step_that_cannot_be_told_to_stop_ends_its_cluster_and_no_other(
    emr: Emr, caplog: pytest.LogCaptureFixture
) -> None:
    cluster_id = emr.run(step("block"))
    [step_id] = emr.step_ids(cluster_id)
    emr.executor.wait_for_step(step_id).signal_error = LookupError("no such session")
    emr.client.cancel_steps(ClusterId=cluster_id, StepIds=[step_id])
    status = emr.wait(cluster_id, "TERMINATED_WITH_ERRORS")["Status"]
    assert status["StateChangeReason"]["Code"] == "INTERNAL_ERROR"
    assert "LookupError('no such session')" in status["StateChangeReason"]["Message"]
    assert "Traceback" in caplog.text
    emr.wait_steps(emr.run(step("succeed")), "COMPLETED")
    assert read_health(emr)[1]["status"] == "ready"


def test_a_step_for_which_the_machine_has_no_thread_fails_with_the_reason(
    emr: Emr, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def start_none_of_a_step(thread: threading.Thread) -> None:
        if thread.name.startswith("s-"):
            raise RuntimeError("can't start new thread")
        start(thread)

    # A patch, since a machine without threads would not run this test.
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start_none_of_a_step)
        cluster_id = emr.run(step("succeed"))
        emr.wait_steps(cluster_id, "FAILED")
    failed = emr.step(cluster_id, emr.step_ids(cluster_id)[0])
    assert "can't start new thread" in failed["Status"]["FailureDetails"]["Message"]
    emr.add(cluster_id, step("succeed"))
    emr.wait_steps(cluster_id, "FAILED", "COMPLETED")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_whose_clusters_stand_still_says_so(create_emr: Callable[..., Emr], tmp_path: Path) -> None:
    emr = create_emr(tmp_path)
    cluster_id = emr.run(step("block"))
    [step_id] = emr.step_ids(cluster_id)
    assert (read_health(emr)[0], read_health(emr)[1]["status"]) == (200, "ready")
    emr.executor.wait_for_step(step_id).signal_error = SystemExit()  # ends a thread without a word
    emr.client.cancel_steps(ClusterId=cluster_id, StepIds=[step_id])
    wait_until(lambda: read_health(emr)[0] == 503, "a health page that tells", 10)
    health = read_health(emr)[1]
    assert health["status"] == "failed"
    assert "no cluster and no step goes on" in health["problem"]
    assert health["state_dir"] == str(tmp_path)

"""`emr-pipelines run` that is told to stop: it ends what it started before it goes, and says what became of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from emr_pipelines.emr.clusters import terminate_clusters
from emr_pipelines.emr.emr_api import EmrApi
from tests.conftest import is_running, live_clusters
from tests.emr_local.emr_requests import wait_until
from tests.fault_control import Faults
from tests.integration.processes import descendants
from tests.integration.test_small_pipelines import steps_of

pytestmark = pytest.mark.xdist_group("airflow")

PATIENCE_SECONDS = 180.0  # a run begins after Airflow's imports: 20 s on an idle machine
SPEC = """
name: %s
cluster: {primary: {instances: [m5.xlarge]}}
steps:
  - {name: sleep, command: [sleep, 300]}
  - {name: never, command: [echo, never], after: [sleep]}
"""


@pytest.fixture
def start_run(
    project: Path, airflow_variables: dict[str, str], api: EmrApi
) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    started: dict[str, subprocess.Popen[str]] = {}

    def start(name: str) -> subprocess.Popen[str]:
        (project / "config" / "pipelines" / f"{name}.yaml").write_text(SPEC % name)
        (project / "dags" / f"{name}.py").write_text((project / "dags" / "word_clouds.py").read_text())
        process = subprocess.Popen(
            [sys.executable, "-m", "emr_pipelines", "run", name],
            cwd=project,
            env={**airflow_variables, "PYTHONPATH": str(project / "plugins")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started[name] = process
        return process

    yield start
    for name, process in started.items():
        for pid in (*descendants(process.pid), process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        if left := clusters_of(api, name):
            terminate_clusters(api, left)


def clusters_of(api: EmrApi, pipeline: str) -> list[str]:
    clusters = api.read.list_clusters()["Clusters"]
    return [cluster["Id"] for cluster in clusters if cluster["Name"].startswith(f"emr-pipelines/{pipeline}/")]


def runs_a_step(api: EmrApi, pipeline: str) -> bool:
    listed = [api.read.list_steps(ClusterId=cluster)["Steps"] for cluster in clusters_of(api, pipeline)]
    return any(step["Status"]["State"] == "RUNNING" for steps in listed for step in steps)


def makes_the_run(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return b"emr_pipelines.dag.in_process.inline_run" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """As a terminal does: every process of the group gets it."""
    os.killpg(process.pid, signal.SIGINT)


@pytest.mark.slow
def test_ctrl_c_cancels_the_step_and_terminates_the_cluster(
    start_run: Callable[[str], subprocess.Popen[str]], api: EmrApi
) -> None:
    process = start_run("interrupted")
    wait_until(lambda: runs_a_step(api, "interrupted"), "a running step", PATIENCE_SECONDS)
    below = descendants(process.pid)
    press_ctrl_c(process)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, output
    assert "Ending the run" in output
    assert "terminate_cluster: success" in output
    assert "The run was interrupted; no cluster of it is left." in output
    assert {name: step["Status"]["State"] for name, step in steps_of(api, "interrupted").items()} == {
        "sleep": "CANCELLED"
    }
    assert live_clusters(api, "interrupted") == []
    assert [pid for pid in below if is_running(pid)] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=["ctrl-c", "terminal"])
def test_a_run_that_is_ended_before_it_has_begun_starts_nothing(
    number: signal.Signals, start_run: Callable[[str], subprocess.Popen[str]], api: EmrApi
) -> None:
    process = start_run(f"hasty_{number}")
    wait_until(
        lambda: any(makes_the_run(pid) for pid in descendants(process.pid)), "the process of the run", PATIENCE_SECONDS
    )
    os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 128 + number, output
    assert "The run was interrupted; nothing was started on EMR." in output
    assert "Traceback" not in output
    assert clusters_of(api, f"hasty_{number}") == []


@pytest.mark.slow
def test_a_termination_while_the_cluster_comes_up_leaves_none(
    start_run: Callable[[str], subprocess.Popen[str]], api: EmrApi, faults: Faults
) -> None:
    faults.add("stuck-starting")
    process = start_run("early")
    wait_until(lambda: clusters_of(api, "early") != [], "a cluster", PATIENCE_SECONDS)
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 143, output
    assert "sleep.submit" not in output
    assert live_clusters(api, "early") == []


@pytest.mark.slow
def test_a_second_ctrl_c_leaves_at_once_and_says_what_may_be_left(
    start_run: Callable[[str], subprocess.Popen[str]], api: EmrApi, faults: Faults
) -> None:
    process = start_run("impatient")
    wait_until(lambda: runs_a_step(api, "impatient"), "a running step", PATIENCE_SECONDS)
    below = descendants(process.pid)
    faults.add("hang-before", operation="TerminateJobFlows", seconds=60)
    press_ctrl_c(process)
    wait_until(lambda: faults.struck() > 0, "the termination", PATIENCE_SECONDS)
    press_ctrl_c(process)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert "a cluster may be left" in output
    assert "emr-pipelines reap" in output
    assert [pid for pid in below if is_running(pid)] == []
    assert len(live_clusters(api, "impatient")) == 1

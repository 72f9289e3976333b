"""The tests that kill trust this: a run goes from trigger to its end, a killed component is dead and comes back, and nothing is left over."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import is_running
from tests.kills.airflow_processes import AIRFLOW_COMPONENTS, AirflowProcesses, Component
from tests.kills.process_tree import family, session_members, title

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kill,
    pytest.mark.xdist_group("kills-of-processes"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def finished(airflow: AirflowProcesses) -> AirflowProcesses:
    """An Airflow in which the run `first` of `hello` is over."""
    airflow.add_pipeline("hello", "  - {name: greet, command: [echo, hello]}")
    airflow.rest.trigger("hello", "first")
    assert airflow.wait_for_run("hello", "first") == "success", airflow.task_log("hello", "first", "greet.wait")
    return airflow


def clusters_of(airflow: AirflowProcesses, pipeline: str) -> list[Any]:
    """All clusters that the pipeline ever had: other tests use the same emr_local."""
    return [one for one in airflow.emr.read.list_clusters()["Clusters"] if f"/{pipeline}/" in one["Name"]]


def test_a_run_goes_from_trigger_to_success(finished: AirflowProcesses) -> None:
    assert set(finished.rest.task_states("hello", "first").values()) == {"success"}
    assert finished.rest.xcom("hello", "first", "greet.submit").startswith("s-")
    assert finished.rest.xcom("hello", "first", "greet.wait", "no_such_key") is None
    assert "COMPLETED" in finished.task_log("hello", "first", "greet.wait", attempt=1)
    assert [cluster["Status"]["State"] for cluster in clusters_of(finished, "hello")] == ["TERMINATED"]


@pytest.mark.parametrize("component", ["emr_local", *AIRFLOW_COMPONENTS])
def test_a_killed_component_is_dead_and_comes_back(finished: AirflowProcesses, component: Component) -> None:
    before = finished.pid(component)
    finished.kill(component)
    assert not is_running(before)
    assert not finished.is_healthy(component)
    finished.start(component)
    assert finished.pid(component) != before
    assert finished.rest.run_state("hello", "first") == "success"
    assert len(clusters_of(finished, "hello")) == 1


def test_a_task_is_found_killed_and_tried_again(finished: AirflowProcesses) -> None:
    finished.add_pipeline("nap", "  - {name: sleep, command: [sleep, 12]}")
    finished.rest.trigger("nap", "r1")
    task = finished.wait_for_task("nap", "r1", "sleep.wait")
    assert "LocalExecutor" in title(task.supervisor)
    assert task.supervisor in {process.pid for process in family(finished.pid("scheduler"))}
    os.kill(task.child, signal.SIGKILL)
    assert finished.wait_for_run("nap", "r1") == "success"
    assert finished.rest.tasks("nap", "r1")["sleep.wait"]["try_number"] == 2


def test_cleared_and_marked_tasks(finished: AirflowProcesses) -> None:
    cleared = finished.rest.clear("hello", "first", ["terminate_cluster"], downstream=True)
    assert cleared == {"terminate_cluster", "verdict"}
    assert finished.wait_for_run("hello", "first") == "success"
    finished.rest.set_state("hello", "first", "verdict", "failed")
    finished.wait_for_state("hello", "first", "verdict", "failed", seconds=10)


def test_nothing_is_left_of_what_was_started(tmp_path: Path) -> None:
    processes = AirflowProcesses(tmp_path)
    with processes:
        processes.add_pipeline("long", "  - {name: sleep, command: [sleep, 300]}")
        processes.rest.trigger("long", "r1")
        task = processes.wait_for_task("long", "r1", "sleep.wait")
        processes.kill("scheduler")
        assert is_running(task.supervisor), "a supervisor outlives its scheduler, so it must be found without it"
        everything = {process.pid for name in ("emr_local", "api-server") for process in family(processes.pid(name))}
        everything |= {task.child, task.supervisor, *session_members(processes._sessions)}
        assert any("sleep 300" in title(pid) for pid in everything)
    assert [pid for pid in everything if is_running(pid)] == []

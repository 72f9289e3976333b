"""A real Airflow and its emr_local as processes that a test may kill one by one and start again. Knows no fault: the tests do.

    airflow.add_pipeline("slow", "  - {name: nap, command: [sleep, 20]}")     # `airflow` is a fixture of conftest.py
    airflow.rest.trigger("slow", "r1")
    task = airflow.wait_for_task("slow", "r1", "nap.wait")                    # pids of the task's child and of its supervisor
    os.kill(task.child, signal.SIGKILL)
    assert airflow.wait_for_run("slow", "r1") == "success"

Every component is a session of its own. So all that it has forked is found and ended with it, also what its death left behind.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeVar

import pytest

from emr_pipelines.emr.emr_api import READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG, EmrApi
from tests.access_record import TESTS_KEY, server_options
from tests.airflow_database import provide_database
from tests.aws_clients import client
from tests.integration.processes import free_port
from tests.kills.airflow_rest import AirflowRest
from tests.kills.process_tree import family, kill_sessions, session_members, title
from tests.kills.scratch_airflow import airflow_variables, answers, copy_project, write_pipeline

Component = Literal["emr_local", "api-server", "scheduler", "dag-processor", "triggerer"]
AIRFLOW_COMPONENTS: tuple[Component, ...] = ("api-server", "scheduler", "dag-processor", "triggerer")
COMPONENTS: tuple[Component, ...] = ("emr_local", *AIRFLOW_COMPONENTS)
BUCKET = "emr-pipelines-local"
# Clusters of emr_local come and go in tenths of a second.
TIME_SCALE = 0.1
T = TypeVar("T")


class TaskProcess(NamedTuple):
    """A running task: `child` runs the operator; `supervisor`, one of LocalExecutor's workers, forked it and sends its heartbeats."""

    child: int
    supervisor: int


class AirflowProcesses:
    """The processes, by the names of their components; `rest` speaks to the API server, `emr` and `client` to emr_local."""

    def __init__(self, folder: Path, *, emr_options: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.airflow_home = folder / "airflow"
        self.emr_state = folder / "emr_local"
        self._emr_port, self._api_port = free_port(), free_port()
        self.emr_url = f"http://127.0.0.1:{self._emr_port}"
        self.rest = AirflowRest(f"http://127.0.0.1:{self._api_port}")
        self._emr_options = emr_options
        self._processes: dict[Component, subprocess.Popen[bytes]] = {}
        self._started: dict[Component, datetime] = {}
        self._sessions: set[int] = set()
        copy_project(self.project, self.emr_url)
        (self.project / ".emr_local").symlink_to(self.emr_state)
        self.variables = airflow_variables(self.project, self.airflow_home, self._api_port)

    def __enter__(self) -> Self:
        try:
            self.start("emr_local")
            self.client("s3").create_bucket(Bucket=BUCKET)
            provide_database(self.airflow_home)
            for component in AIRFLOW_COMPONENTS:
                self.start(component, wait=False)
            self.wait_until("a healthy Airflow", lambda: all(map(self.is_healthy, AIRFLOW_COMPONENTS)), 180)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        left = self.stop()
        assert not left, f"outlived SIGKILL: {left}"

    # The components

    def start(self, component: Component, *, wait: bool = True) -> None:
        """Start a component that does not run, with the same ports and state as before; `wait` blocks until it is healthy."""
        assert component not in self._processes, f"{component} runs already"
        # Killed ones may leave a log server behind, so each has ports of its own.
        ports = {f"AIRFLOW__LOGGING__{kind}_LOG_SERVER_PORT": str(free_port()) for kind in ("WORKER", "TRIGGER")}
        self._started[component] = datetime.now(UTC)
        with self.log_file(component).open("ab") as log:
            self._processes[component] = subprocess.Popen(
                [sys.executable, "-m", *self._command(component)],
                env={**self.variables, **ports},
                cwd=self.project,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._sessions.add(self.pid(component))
        if wait:
            self.wait_until(f"a healthy {component}", lambda: self.is_healthy(component), 90)

    def start_missing(self) -> None:
        """Start every component that does not run; blocks until all are healthy."""
        for component in COMPONENTS:
            if component not in self._processes:
                self.start(component)

    def kill(self, component: Component, *, tree: bool = False) -> None:
        """SIGKILL to the component alone: what it forked lives on (a scheduler's tasks, emr_local's steps). With `tree` to all of it."""
        below = {process.session for process in family(self.pid(component))}
        self._sessions |= below
        process = self._processes.pop(component)
        process.kill()
        process.wait()
        if tree:
            kill_sessions(below)

    def pid(self, component: Component) -> int:
        """The component's own process."""
        return self._processes[component].pid

    def is_healthy(self, component: Component) -> bool:
        """Whether it runs and answers; for those with heartbeats, whether one came since it was started."""
        process = self._processes.get(component)
        if process is None:
            return False
        if process.poll() is not None:
            pytest.fail(f"{component} ended with {process.returncode}: {self.log_file(component).read_text()[-3000:]}")
        if component == "emr_local":
            return answers(self._emr_port)
        if component == "api-server":
            return self.rest.is_up()
        return self.rest.is_up() and self._has_reported(component)

    def stop(self) -> dict[int, str]:
        """SIGKILL to everything that was ever started and what came of it; returns the pids and titles of what is left."""
        for component in list(self._processes):
            self.kill(component)
        return kill_sessions(self._sessions)

    def log_file(self, component: Component) -> Path:
        """What a component printed, over all its lives."""
        return self.folder / f"{component}.log"

    # Pipelines and their runs

    def add_pipeline(self, name: str, steps: str, *, cluster: str = "", more: str = "", dag_lines: str = "") -> None:
        """Write a spec (`steps`: a YAML list, indented by two) and its DAG file; blocks until the dag-processor has found it."""
        spec = f"name: {name}\n{more}\ncluster:\n  primary: {{instances: [m5.xlarge]}}\n{cluster}\nsteps:\n{steps}\n"
        write_pipeline(self.project, name, spec, dag_lines=dag_lines)
        self.wait_until(f"the DAG {name}", lambda: name in self.rest.dag_ids(), 60)

    def wait_for_run(self, dag_id: str, run_id: str, *, seconds: float = 180) -> str:
        """Block until the run is over; returns success or failed."""

        def final_state() -> str | None:
            state = self.rest.run_state(dag_id, run_id)
            return state if state in ("success", "failed") else None

        return self.wait_until(f"the end of {dag_id} {run_id}", final_state, seconds)

    def wait_for_state(self, dag_id: str, run_id: str, task_id: str, *states: str, seconds: float = 90) -> None:
        """Block until the task is in one of the states."""
        self.wait_until(
            f"{task_id} to be {' or '.join(states)}",
            lambda: self.rest.task_states(dag_id, run_id).get(task_id) in states,
            seconds,
        )

    def wait_for_task(self, dag_id: str, run_id: str, task_id: str, *, seconds: float = 90) -> TaskProcess:
        """Block until the task runs in a process."""
        return self.wait_until(f"the process of {task_id}", lambda: self.task_process(dag_id, run_id, task_id), seconds)

    def task_process(self, dag_id: str, run_id: str, task_id: str) -> TaskProcess | None:
        """The processes of a running task; None when it has none. The child tells by its title, and its parent is the supervisor."""
        wanted = f"airflow worker -- {self.rest.tasks(dag_id, run_id)[task_id]['id']}"
        for process in session_members(self._sessions).values():
            if title(process.pid) == wanted:
                return TaskProcess(process.pid, process.parent)
        return None

    def task_log(self, dag_id: str, run_id: str, task_id: str, *, attempt: int | None = None) -> str:
        """What one try wrote, or all of them one after another: the files as they are, one JSON object a line."""
        folder = self.airflow_home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"
        return "".join(file.read_text() for file in sorted(folder.glob(f"attempt={attempt or '*'}.log")))

    def wait_until(self, what: str, condition: Callable[[], T | None], seconds: float) -> T:
        """Block until the condition gives something true, and return that. An API server that is down counts as not yet."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if result := condition():
                    return result
            except OSError as error:
                what = f"{what.split(' (')[0]} ({error})"
            time.sleep(0.3)
        pytest.fail(f"{what} did not come within {seconds:.0f} s; the logs are in {self.folder}")

    # emr_local's clients

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client of emr_local."""
        return client(self.emr_url, service, key_id=TESTS_KEY, **config)

    @property
    def emr(self) -> EmrApi:
        """emr_local's EMR as the operators see it."""
        return EmrApi(read=self.client("emr", **READ_CLIENT_CONFIG), write=self.client("emr", **WRITE_CLIENT_CONFIG))

    def _command(self, component: Component) -> list[str]:
        if component == "emr_local":
            options = ["--port", str(self._emr_port), "--state-dir", str(self.emr_state)]
            return [
                "emr_local",
                *options,
                "--time-scale",
                str(TIME_SCALE),
                "--spark-submit",
                "plain",
                *self._emr_options,
                *server_options(self.folder),
            ]
        return ["airflow", component]

    def _has_reported(self, component: Component) -> bool:
        part = component.replace("-", "_")
        beat = self.rest.health()[part][f"latest_{part}_heartbeat"]
        return beat is not None and datetime.fromisoformat(beat) > self._started[component]

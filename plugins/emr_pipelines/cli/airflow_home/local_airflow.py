"""The project's own Airflow as processes of this machine: started together, ended together, with one log. Each is a session of its own, so that Ctrl-C reaches this process only.

Not `airflow standalone`, which serves the page and the tasks from one process: there a person's request waits for SQLite's lock in the thread by which the task that holds the
lock would let go of it, and everything stands still until the wait is over. Here the tasks have a server of their own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from emr_pipelines.cli.airflow_home.ports import AirflowPorts
from emr_pipelines.cli.airflow_home.variables import DATABASE_FILE, database_stamp
from emr_pipelines.cli.local.users import locked
from emr_pipelines.cli.terminal.shown_paths import shown_path
from emr_pipelines.errors import EmrPipelinesError

_START_SECONDS = 240.0
_STOP_SECONDS = 60.0
_PAUSE_SECONDS = 0.5
_ANSWER_SECONDS = 5
_TAIL_LINES = 15
_SETTINGS_FILE = "airflow.cfg"
_REPORTING = ("scheduler", "dag_processor", "triggerer")
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(slots=True)
class LocalAirflow:
    """Its processes by name, its ports, and the file to which all of them write."""

    ports: AirflowPorts
    log_file: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def wait_until_ready(self) -> None:
        """Until its page and its scheduler answer. Raises EmrPipelinesError with the end of its log when they do not."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self.require_alive()
            if self._is_ready():
                return
            if time.monotonic() > deadline:
                raise EmrPipelinesError(
                    f"Airflow did not come up within {_START_SECONDS:.0f} s.\n{_tail(self.log_file)}"
                )
            # In short pauses: the kernel may hand Ctrl-C to another thread, which does not wake one that waits for a process.
            time.sleep(_PAUSE_SECONDS)

    def require_alive(self) -> None:
        """Raise EmrPipelinesError, with the end of the log, when one of the processes has ended by itself."""
        for name, process in self.processes.items():
            code = process.poll()
            if code is not None:
                raise EmrPipelinesError(f"Airflow's {name} has ended by itself with {code}.\n{_tail(self.log_file)}")

    def wait(self) -> None:
        """Until one of its processes ends, which raises EmrPipelinesError."""
        while True:
            self.require_alive()
            time.sleep(_PAUSE_SECONDS)

    def _is_ready(self) -> bool:
        """Whether each component has reported since it was started: the report of an earlier Airflow counts for a while."""
        try:
            with _DIRECT.open(f"{self.ports.url}/api/v2/monitor/health", timeout=_ANSWER_SECONDS) as answer:
                health = json.load(answer)
            beats = [health[name][f"latest_{name}_heartbeat"] for name in _REPORTING]
        except (OSError, ValueError, KeyError):
            return False
        return all(beat is not None and datetime.fromisoformat(beat) >= self.started for beat in beats)


@contextmanager
def started_airflow(
    project_root: Path, variables: Mapping[str, str], ports: AirflowPorts, log_file: Path
) -> Iterator[LocalAirflow]:
    """Start it for the length of the block. Its database is made first; meanwhile no run makes it."""
    environment = {**variables, **ports.variables()}
    airflow = LocalAirflow(ports=ports, log_file=log_file)
    with log_file.open("ab") as log:
        try:
            _provide_database(project_root, airflow, environment, log.fileno())
            for name, arguments in _components(ports).items():
                airflow.processes[name] = _start(arguments, environment, log.fileno())
            yield airflow
        finally:
            _stop(list(airflow.processes.values()))


def _components(ports: AirflowPorts) -> dict[str, list[str]]:
    return {
        "API server": ["api-server", "--apps", "core"],
        "API server of tasks": ["api-server", "--apps", "execution", "--port", str(ports.tasks)],
        "scheduler": ["scheduler"],
        "dag-processor": ["dag-processor"],
        "triggerer": ["triggerer"],
    }


def _provide_database(project_root: Path, airflow: LocalAirflow, environment: Mapping[str, str], log: int) -> None:
    """Make or migrate the database, once for each version of Airflow, which the stamp names; `emr-pipelines run` does the same, and the second of two waits for the first.

    The first process of a new home also makes up its secrets and writes them down. Of components that start at once each would make up its own, and refuse the tasks of the others.
    """
    stamp, installed = database_stamp(project_root), version("apache-airflow")
    with locked(stamp.with_suffix(".lock")):
        is_made = stamp.is_file() and stamp.read_text() == installed
        if is_made and all(stamp.with_name(name).is_file() for name in (DATABASE_FILE, _SETTINGS_FILE)):
            return
        migration = _start(["db", "migrate"], environment, log)
        try:
            while migration.poll() is None:
                time.sleep(_PAUSE_SECONDS)
        finally:
            _stop([migration])
        if migration.returncode != 0:
            raise EmrPipelinesError(f"Airflow's database could not be prepared.\n{_tail(airflow.log_file)}")
        stamp.write_text(installed)


def _start(arguments: list[str], environment: Mapping[str, str], log: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - Airflow's own command
        [sys.executable, "-m", "airflow", *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """End them in order, if it takes no longer than it may; then with all that they started."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(log_file: Path) -> str:
    lines = log_file.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    return "\n".join([*(f"    {line}" for line in lines), f"The whole log: {shown_path(log_file)}"])

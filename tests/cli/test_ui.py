"""`emr-pipelines ui` starts Airflow, says when it answers, tells what is in the way, and ends what it started, whichever of its threads the kernel hands the interrupt to."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.cli.command_line import run_tool
from tests.cli.fake_airflow_package import pids, write_fake_airflow
from tests.conftest import is_running
from tests.integration.processes import free_port
from tests.stop_signals import signal_another_thread

from emr_pipelines.cli.airflow_home.claims import claimed_airflow
from emr_pipelines.cli.airflow_home.ports import choose_ports

ROOT = Path(__file__).parents[2]
# The verb's own work, beside a thread such as a library starts.
SERVE = """
import os, sys, threading, time
from pathlib import Path
from emr_pipelines.cli.airflow_home.local_airflow import started_airflow
from emr_pipelines.cli.airflow_home.ports import choose_ports
from emr_pipelines.errors import EmrPipelinesError
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
root = Path(sys.argv[1])
variables = {**os.environ, "AIRFLOW_HOME": str(root / ".airflow")}
try:
    with started_airflow(root, variables, choose_ports(None, any_page=True), root / "log") as airflow:
        airflow.wait_until_ready()
        print("ready", flush=True)
        airflow.wait()
except KeyboardInterrupt:
    pass
except EmrPipelinesError as error:
    print(error, flush=True)
"""
COMPONENTS = {"api-server-core", "api-server-execution", "scheduler", "dag-processor", "triggerer"}
Serve = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """Where the fake Airflow is, and what it leaves."""
    write_fake_airflow(tmp_path / "fake")
    return tmp_path / "fake"


@pytest.fixture
def serve(fake: Path, tmp_path: Path) -> Iterator[Serve]:
    """Start the processes of the fake Airflow; all are killed at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        variables = {**os.environ, "FAKE_AIRFLOW": str(fake), "PYTHONPATH": f"{fake}:{ROOT / 'plugins'}"}
        command = [sys.executable, "-c", SERVE, str(tmp_path)]
        started.append(subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        # In order first: what was started just now has not written its process id yet.
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()
    for pid in pids(fake).values():
        if is_running(pid):
            os.kill(pid, signal.SIGKILL)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_an_interrupt_of_another_thread_ends_all_processes(serve: Serve, fake: Path) -> None:
    process = serve()
    assert line_of(process) == "ready\n"
    running = {name: pid for name, pid in pids(fake).items() if is_running(pid)}
    assert set(running) == COMPONENTS
    signal_another_thread(process.pid, signal.SIGINT)
    process.wait(20)
    assert not any(map(is_running, running.values()))


def test_the_database_is_made_first_and_left_alone_meanwhile(serve: Serve, fake: Path, tmp_path: Path) -> None:
    (fake / "hold-db").touch()
    process = serve()
    while "db" not in pids(fake):
        time.sleep(0.05)
    lock = tmp_path / ".airflow" / "database_version.lock"
    with lock.open() as held, pytest.raises(BlockingIOError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert set(pids(fake)) == {"db"}
    (fake / "hold-db").unlink()
    assert line_of(process) == "ready\n"
    with lock.open() as free:
        fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_home_that_was_made_for_this_airflow_is_not_made_again(serve: Serve, fake: Path, tmp_path: Path) -> None:
    """Without its settings the processes have no secret in common, by which they know each other."""
    for missing, is_made in (("", True), ("", False), ("airflow.cfg", True), ("airflow.db", True)):
        if missing:
            (tmp_path / ".airflow" / missing).unlink()
        process = serve()
        assert line_of(process) == "ready\n"
        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert ("db" in pids(fake)) == is_made
        (fake / "db.pid").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        ("db", "Airflow's database could not be prepared."),
        ("scheduler", "Airflow's scheduler has ended by itself with 1."),
    ],
)
def test_what_does_not_come_up_is_told_with_the_end_of_the_log(
    serve: Serve, fake: Path, tmp_path: Path, fails: str, words: str
) -> None:
    (fake / f"fail-{fails}").touch()
    process = serve()
    # The health page of this Airflow knows nothing of its scheduler.
    told = process.communicate(timeout=60)[0].removeprefix("ready\n")
    assert told.startswith(words)
    assert "    no such table: dag_run\n" in told
    assert told.rstrip().endswith(f"The whole log: {tmp_path / 'log'}")
    assert not any(map(is_running, pids(fake).values()))


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def make_project(root: Path) -> Path:
    for folder in ("config", "dags"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize("told", ["--port", "AIRFLOW__API__PORT", "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"])
def test_a_port_that_is_taken_is_refused_before_anything_starts(tmp_path: Path, taken: int, told: str) -> None:
    project = make_project(tmp_path)
    arguments = (told, str(taken)) if told == "--port" else ("--port", str(free_port()))
    if told == "AIRFLOW__API__PORT":
        arguments = ()
    refused = run_tool(project, "ui", *arguments, **({} if told == "--port" else {told: str(taken)}))
    assert refused.returncode == 1
    assert f"Port {taken}" in refused.stderr
    assert "nothing was started" in refused.stderr
    assert "http://localhost" not in refused.stdout
    assert not (project / ".emr_local").exists()
    assert not (project / ".airflow").exists()


def test_a_second_page_of_one_project_is_told_whose_the_first_is(tmp_path: Path) -> None:
    """Two schedulers would share one database, whatever their ports."""
    project = make_project(tmp_path)
    with claimed_airflow(project, "emr-pipelines ui", "http://localhost:8080"):
        refused = run_tool(project, "ui", "--port", str(free_port()))
    assert refused.returncode == 1
    assert f"The Airflow of {project} runs already by emr-pipelines ui (pid {os.getpid()} of " in refused.stderr
    assert not (project / ".emr_local").exists()


def test_another_port_holds_for_all_that_look_for_the_page() -> None:
    ports = choose_ports(free_port())
    variables = ports.variables()
    assert variables["AIRFLOW__API__PORT"] == str(ports.page)
    assert variables["AIRFLOW__API__BASE_URL"] == f"http://localhost:{ports.page}"
    # Tasks ask for the API at this address; without it at port 8080, whoever has that.
    assert variables["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"http://localhost:{ports.tasks}/execution/"
    logs = variables["AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"], variables["AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT"]
    assert len({str(ports.page), str(ports.tasks), *logs}) == 4


def test_one_line_says_when_airflow_answers_and_an_interrupt_ends_all(tmp_path: Path, fake: Path) -> None:
    project = make_project(tmp_path / "project")
    local = project / "config" / "environments" / "local.yaml"
    local.write_text(local.read_text().partition("# Made by")[0].replace("5566", str(free_port())))
    port = free_port()
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    command = [sys.executable, "-m", "emr_pipelines", "ui", "--open", "--port", str(port)]
    variables = {**os.environ, "FAKE_AIRFLOW": str(fake), "PYTHONPATH": f"{fake}:{ROOT / 'plugins'}"}
    variables["BROWSER"] = f"{browser} %s"
    with subprocess.Popen(command, cwd=project, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if "ready" in line)
        (log,) = (project / ".airflow" / "logs").glob("airflow-*.log")
        assert (
            ready
            == f"Airflow is ready at http://localhost:{port} (no login needed; log: {log.relative_to(project)}); Ctrl-C stops it\n"
        )
        assert "this is scheduler" in log.read_text()
        while not (tmp_path / "opened").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert (tmp_path / "opened").read_text() == f"http://localhost:{port}\n"
    assert not any(map(is_running, pids(fake).values()))

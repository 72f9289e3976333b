"""F53, F56: what goes wrong on a laptop, as the one who runs a pipeline there is told. emr_local's own part is tested in tests/emr_local."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY
from tests.fault_control import Faults
from tests.reliability.runs import Runner

KILLED = """
import os, signal
from pyspark.sql import SparkSession

SparkSession.builder.getOrCreate().range(3).count()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.fault(
    "F53",
    "A local Spark job is killed with SIGKILL, as the system does when memory runs out",
    "the step FAILS, the run's error names the signal and the likely reason; the job is not started again; no cluster is left",
)
def test_a_killed_local_job_is_told_with_its_signal(runner: Runner, faults: Faults) -> None:
    (runner.project / "include" / "killed.py").write_text(KILLED)
    outcome = runner.run(runner.build("f53_killed", "  - {name: one, spark: {script: include/killed.py}}"))
    assert outcome.state == "failed"
    (step,) = runner.steps(outcome, "one")
    assert step["Status"]["State"] == "FAILED"
    assert "SIGKILL (signal 9)" in step["Status"]["FailureDetails"]["Message"]
    assert "SIGKILL (signal 9). Often the machine ran out of memory" in outcome.error("one.wait")
    assert outcome.tries("one.wait") == 1
    assert len(runner.clusters(outcome)) == 1
    # A job that failed is not submitted again without `retries`.
    assert faults.counts()["AddJobFlowSteps"] == 1


@pytest.fixture
def banner() -> Iterator[int]:
    """The port of a server that is no HTTP server: it greets whoever comes, as an SSH or a database server does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def _greet(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:  # the test is over
            return
        with connection:
            connection.recv(1000)
            connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A project in which nothing was run yet."""
    for folder in ("config", "dags", "include"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def use_port(project: Path, port: int) -> None:
    environment = project / "config" / "environments" / "local.yaml"
    environment.write_text(environment.read_text().replace(":5566", f":{port}"))


@pytest.mark.fault(
    "F56",
    "`emr-pipelines run`, but something else has the port of emr_local",
    "one line says what answers there and what to change; nothing was started",
)
def test_a_run_whose_port_is_taken_is_one_line(fresh: Path, banner: int) -> None:
    use_port(fresh, banner)
    told = run_tool(fresh, "run", "word_clouds", "--date", "2005-01-01")
    assert told.returncode == 1
    (line,) = told.stderr.splitlines()
    assert f"http://127.0.0.1:{banner} answers, but is no emr_local" in line
    assert "change the port of endpoint_url in the environment, or stop what listens there" in line
    assert not (fresh / ".emr_local").exists()


@pytest.mark.fault(
    "F56",
    "`emr-pipelines run`, but emr_local's state folder cannot be written",
    "one line says which folder, why, and what to do; nothing was started",
)
def test_a_run_whose_state_folder_cannot_be_made_is_one_line(fresh: Path, unused_port: int) -> None:
    use_port(fresh, unused_port)
    (fresh / ".emr_local").touch()
    told = run_tool(fresh, "run", "word_clouds", "--date", "2005-01-01")
    assert told.returncode == 1
    (line,) = told.stderr.splitlines()
    assert f"{fresh}/.emr_local cannot be written: File exists" in line
    assert "make it writable for this user, or move the project to a folder that is" in line


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

"""`emr-pipelines ui` ends what it started, whichever of its threads the kernel hands the interrupt to."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.cli.command_line import run_tool
from tests.conftest import is_running
from tests.integration.processes import free_port
from tests.stop_signals import signal_another_thread

from emr_pipelines.cli.airflow_home.claims import claimed_airflow
from emr_pipelines.cli.airflow_home.ui import choose_ports

ROOT = Path(__file__).parents[2]
# The verb's own waiting, beside a thread such as a library starts.
SERVE = """
import os, threading, time
from pathlib import Path
from emr_pipelines.cli.airflow_home.ui import _serve
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
_serve(dict(os.environ), lambda: None, Path(os.environ["LOCK"]))
"""
STANDALONE = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"


def test_an_interrupt_of_another_thread_ends_the_server(tmp_path: Path) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").touch()
    (tmp_path / "airflow" / "__main__.py").write_text(STANDALONE)
    variables = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}:{ROOT / 'plugins'}",
        "AIRFLOW__API__PORT": str(free_port()),
        "LOCK": str(tmp_path / "lock"),
    }
    with subprocess.Popen([sys.executable, "-c", SERVE], env=variables, stdout=subprocess.PIPE, text=True) as process:
        try:
            standalone = int(process.stdout.readline())
            signal_another_thread(process.pid, signal.SIGINT)
            process.wait(20)
            assert not is_running(standalone)
        finally:
            process.kill()
            with suppress(ProcessLookupError):
                os.kill(standalone, signal.SIGKILL)


LISTENS_LATER = """
import os, pathlib, socket, time
print("began", flush=True)
while not pathlib.Path(os.environ["GO"]).exists():
    time.sleep(0.05)
server = socket.create_server(("127.0.0.1", int(os.environ["AIRFLOW__API__PORT"])))
time.sleep(600)
"""


def test_the_page_is_announced_when_it_is_there_and_the_database_is_left_alone_until_then(tmp_path: Path) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").touch()
    (tmp_path / "airflow" / "__main__.py").write_text(LISTENS_LATER)
    go, lock = tmp_path / "go", tmp_path / "home" / "lock"
    variables = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT / 'plugins'}", "AIRFLOW__API__PORT": str(free_port())}
    variables |= {"GO": str(go), "LOCK": str(lock)}
    script = SERVE.replace("lambda: None", "lambda: print('announced', flush=True)")
    with subprocess.Popen([sys.executable, "-c", script], env=variables, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "began\n"
            with lock.open() as held, pytest.raises(BlockingIOError):
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            go.touch()
            assert process.stdout.readline() == "announced\n"
            with lock.open() as free:
                fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def make_project(root: Path) -> Path:
    for folder in ("config", "dags"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.parametrize("told", ["--port", "AIRFLOW__API__PORT"])
def test_a_page_whose_port_is_taken_is_refused_before_anything_starts(tmp_path: Path, taken: int, told: str) -> None:
    project = make_project(tmp_path)
    arguments, variables = ((told, str(taken)), {}) if told == "--port" else ((), {told: str(taken)})
    refused = run_tool(project, "ui", *arguments, **variables)
    assert refused.returncode == 1
    assert f"Port {taken} is taken" in refused.stderr
    assert "nothing was started" in refused.stderr
    assert "http://localhost" not in refused.stdout
    assert not (project / ".emr_local").exists()
    assert not (project / ".airflow").exists()


def test_a_second_page_of_one_project_is_told_whose_the_first_is(tmp_path: Path) -> None:
    """Two schedulers would share one database, whatever their ports."""
    project = make_project(tmp_path)
    (project / "config" / "pipelines").mkdir(exist_ok=True)
    with claimed_airflow(project):
        refused = run_tool(project, "ui", "--port", str(free_port()))
    assert refused.returncode == 1
    assert f"The Airflow of {project} runs already by emr-pipelines ui (pid {os.getpid()} of " in refused.stderr
    assert not (project / ".emr_local").exists()


def test_another_port_holds_for_all_that_look_for_the_page() -> None:
    port = free_port()
    ports = choose_ports(port)
    assert ports["AIRFLOW__API__PORT"] == str(port)
    # Tasks ask for the API at this address; without it at port 8080, whoever has that.
    assert ports["AIRFLOW__API__BASE_URL"] == f"http://localhost:{port}"
    assert ports["AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"] != ports["AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT"]


def test_an_airflow_that_ends_by_itself_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").touch()
    (tmp_path / "airflow" / "__main__.py").write_text("raise SystemExit(3)\n")
    script = (
        SERVE.replace("_serve(", "sys.exit(_serve(")
        .replace("lambda: None,", "lambda: print('announced'),")
        .replace('["LOCK"]))', '["LOCK"])))')
    )
    variables = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}:{ROOT / 'plugins'}",
        "AIRFLOW__API__PORT": str(free_port()),
        "LOCK": str(tmp_path / "lock"),
    }
    command = [sys.executable, "-c", f"import sys{script}"]
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (3, "")

"""`emr-pipelines ui`: emr_local and Airflow's own standalone server together, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emr_pipelines.cli.airflow_home.claims import claimed_airflow
from emr_pipelines.cli.airflow_home.variables import database_stamp, process_variables
from emr_pipelines.cli.local.endpoint import is_taken
from emr_pipelines.cli.local.sample_data import provide_sample_data
from emr_pipelines.cli.local.server import joined_server
from emr_pipelines.cli.local.users import locked
from emr_pipelines.cli.project.aws_clients import s3_client
from emr_pipelines.cli.project.options import EnvironmentOption, Project, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.errors import EmrPipelinesError

_HOST = "127.0.0.1"
_PORT_VARIABLE = "AIRFLOW__API__PORT"
_PORT = 8080
# Where the scheduler and the triggerer serve the logs of what runs.
_LOG_PORT_VARIABLES = ("AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT", "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT")
_STOP_SECONDS = 60.0
_PAUSE_SECONDS = 0.5


def ui_command(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help=f"Port of Airflow's page; default: ${_PORT_VARIABLE}, else {_PORT}."),
    ] = None,
    env: EnvironmentOption = None,
) -> None:
    """Start emr_local (if this project's does not run) and `airflow standalone` with this project's DAGs; Ctrl-C stops both.

    Example: emr-pipelines ui --port 8081
    """
    console = plain_console()
    project = load_project(env)
    ports = choose_ports(port)
    with ExitStack() as stack:
        stack.enter_context(claimed_airflow(project.root))
        project = _provide_endpoint(stack, project, console)
        environment = project.environment
        provide_sample_data(s3_client(environment), environment, environment.sample_data, project.root, console)
        variables = {**process_variables(project.root, environment), **ports}
        url = f"http://localhost:{ports[_PORT_VARIABLE]}"
        announce = partial(console.print, f"Airflow's UI: {url} (no login needed)", soft_wrap=True)
        with suppress(KeyboardInterrupt):
            ended_with = _serve(variables, announce, database_stamp(project.root).with_suffix(".lock"))
            raise EmrPipelinesError(f"Airflow has ended by itself with {ended_with}; what it said above tells why")


def choose_ports(given: int | None) -> dict[str, str]:
    """The ports of Airflow's servers, as its variables. Raises EmrPipelinesError when that of the page is taken."""
    port = given or int(os.environ.get(_PORT_VARIABLE) or _PORT)
    if is_taken(_HOST, port) or is_taken("localhost", port):
        raise EmrPipelinesError(
            f"Port {port} is taken, so Airflow's page cannot be there; nothing was started. "
            "Stop what listens there (perhaps another `emr-pipelines ui`), or choose another port with --port"
        )
    logs = {name: str(_free_port()) for name in _LOG_PORT_VARIABLES if name not in os.environ}
    # Airflow's tasks look for its API at port 8080 unless they are told.
    return {_PORT_VARIABLE: str(port), "AIRFLOW__API__BASE_URL": f"http://localhost:{port}", **logs}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        number: int = probe.getsockname()[1]
        return number


def _provide_endpoint(stack: ExitStack, project: Project, console: Console) -> Project:
    """The project with its endpoint where its emr_local answers, which is in use for as long as the stack is open."""
    if project.environment.connection.endpoint_url is None:
        return project
    tell = partial(console.print, soft_wrap=True)
    server = stack.enter_context(joined_server(project, "emr-pipelines ui", tell))
    endpoint = server.wait_until_ready()
    console.print(f"emr_local answers at {endpoint.url} (state in {endpoint.state_dir})", soft_wrap=True)
    return server.project


def _serve(variables: dict[str, str], announce: Callable[[], object], database_lock: Path) -> int:
    """Run Airflow until it ends, which is told by its exit code; the page is announced once it is there. Until then no run makes the database, which Airflow does first."""
    with ExitStack() as starting:
        starting.enter_context(locked(database_lock))
        # A session of its own: Ctrl-C reaches this process only, which then interrupts Airflow once; twice would cut its shutdown short.
        standalone = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"], env=variables, start_new_session=True
        )
        try:
            _wait(standalone, int(variables[_PORT_VARIABLE]), starting.close, announce)
            return standalone.wait()
        finally:
            _stop(standalone)


def _wait(standalone: subprocess.Popen[bytes], port: int, *ready: Callable[[], object]) -> None:
    """Until it ends, calling these when its page is there."""
    waiting = list(ready)
    # In short pauses: the kernel may hand Ctrl-C to another thread, which does not wake one that waits for a process.
    while standalone.poll() is None:
        if waiting and is_taken(_HOST, port):
            for call in waiting:
                call()
            waiting = []
        time.sleep(_PAUSE_SECONDS)


def _stop(standalone: subprocess.Popen[bytes]) -> None:
    if standalone.poll() is None:
        standalone.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        standalone.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(standalone.pid, signal.SIGKILL)
    standalone.wait()

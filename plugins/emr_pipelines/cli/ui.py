"""`emr-pipelines ui`: emr_local and Airflow's own standalone server together, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress

from rich.console import Console

from emr_pipelines.cli.airflow_home import airflow_variables
from emr_pipelines.cli.aws_clients import s3_client
from emr_pipelines.cli.local_endpoint import local_endpoint
from emr_pipelines.cli.project_options import EnvironmentOption, load_project
from emr_pipelines.cli.sample_data import provide_sample_data

_STOP_SECONDS = 60.0
_NAP_SECONDS = 0.5


def ui_command(env: EnvironmentOption = None) -> None:
    """Start emr_local (if none answers) and `airflow standalone` with this project's DAGs; Ctrl-C stops both."""
    console = Console()
    project = load_project(env)
    variables = {**os.environ, **airflow_variables(project.root, project.environment)}
    with ExitStack() as stack:
        endpoint_url = project.environment.connection.endpoint_url
        if endpoint_url is not None:
            endpoint = stack.enter_context(local_endpoint(endpoint_url, project.root))
            console.print(f"emr_local answers at {endpoint.url} (state in {endpoint.state_dir})", soft_wrap=True)
        environment = project.environment
        provide_sample_data(s3_client(environment), environment, environment.sample_data, project.root, console)
        console.print(f"Airflow's UI: http://localhost:{variables.get('AIRFLOW__API__PORT', '8080')} (no login needed)")
        with suppress(KeyboardInterrupt):
            _serve(variables)


def _serve(variables: dict[str, str]) -> None:
    # A session of its own: Ctrl-C reaches this process only, which then interrupts Airflow once; twice would cut its shutdown short.
    standalone = subprocess.Popen(
        [sys.executable, "-m", "airflow", "standalone"], env=variables, start_new_session=True
    )
    try:
        # Waiting in short naps: the kernel may hand Ctrl-C to another thread, which does not wake one that waits for a process.
        while standalone.poll() is None:
            time.sleep(_NAP_SECONDS)
    finally:
        _stop(standalone)


def _stop(standalone: subprocess.Popen[bytes]) -> None:
    if standalone.poll() is None:
        standalone.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        standalone.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(standalone.pid, signal.SIGKILL)
    standalone.wait()

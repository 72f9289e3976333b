"""`emr-pipelines ui`: emr_local and this project's Airflow together, until Ctrl-C."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Annotated

import typer
from rich.console import Console

from emr_pipelines.cli.airflow_home.claims import claimed_airflow
from emr_pipelines.cli.airflow_home.local_airflow import LocalAirflow, started_airflow
from emr_pipelines.cli.airflow_home.log_files import new_log_file
from emr_pipelines.cli.airflow_home.ports import DEFAULT_PORT, PORT_VARIABLE, AirflowPorts, choose_ports
from emr_pipelines.cli.airflow_home.variables import process_variables
from emr_pipelines.cli.local.packages import require_packages
from emr_pipelines.cli.local.sample_data import provide_sample_data
from emr_pipelines.cli.local.server import joined_server
from emr_pipelines.cli.project.aws_clients import s3_client
from emr_pipelines.cli.project.options import EnvironmentOption, Project, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.shown_paths import shown_path
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.pipeline_spec.models.environment import SampleDataSpec


def ui_command(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help=f"Port of Airflow's page; default: ${PORT_VARIABLE}, else {DEFAULT_PORT}."),
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in this machine's browser when it is there.")
    ] = False,
    env: EnvironmentOption = None,
) -> None:
    """Start emr_local (if this project's does not run) and Airflow with this project's DAGs; Ctrl-C stops both.

    Example: emr-pipelines ui --port 8081 --open
    """
    console = plain_console()
    project = load_project(env)
    if project.environment.connection.endpoint_url is not None:
        require_packages()  # before the ports: what is missing stays missing when a port is free
    ports = choose_ports(port)
    samples = project.environment.sample_data
    with suppress(KeyboardInterrupt), airflow_of(project, ports, samples, "emr-pipelines ui", console) as airflow:
        console.print(
            f"Airflow is ready at {ports.url} (no login needed; log: {shown_path(airflow.log_file)}); Ctrl-C stops it",
            soft_wrap=True,
        )
        if open_page and not webbrowser.open(ports.url):
            console.print(f"No browser was found; open {ports.url} by hand", soft_wrap=True)
        airflow.wait()


@contextmanager
def airflow_of(
    project: Project, ports: AirflowPorts, samples: Sequence[SampleDataSpec], purpose: str, console: Console
) -> Iterator[LocalAirflow]:
    """This project's Airflow, with emr_local and these samples, for the length of the block; entered when it is ready. Raises EmrPipelinesError when it runs already, or does not come up."""
    with claimed_airflow(project.root, purpose, ports.url), _endpoint(project, purpose, console) as project:
        environment = project.environment
        provide_sample_data(s3_client(environment), environment, samples, project.root, console)
        log_file = new_log_file(project.root, "airflow")
        variables = process_variables(project.root, environment)
        with started_airflow(project.root, variables, ports, log_file) as airflow:
            console.print(f"Starting Airflow (log: {shown_path(log_file)})", soft_wrap=True)
            with show_waiting("starting Airflow", console):
                airflow.wait_until_ready()
            yield airflow


@contextmanager
def _endpoint(project: Project, purpose: str, console: Console) -> Iterator[Project]:
    """The project with its endpoint where its emr_local answers, which is in use for the length of the block."""
    if project.environment.connection.endpoint_url is None:
        yield project
        return
    with joined_server(project, purpose, partial(console.print, soft_wrap=True)) as server:
        endpoint = server.wait_until_ready()
        console.print(f"emr_local answers at {endpoint.url} (state in {endpoint.state_dir})", soft_wrap=True)
        yield server.project

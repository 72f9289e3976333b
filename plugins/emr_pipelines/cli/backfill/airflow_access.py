"""The Airflow that makes a backfill: the one that is named or that runs here, else one of this project's own for as long as the command takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rich.console import Console

from emr_pipelines.airflow_api.api_calls import AirflowAddress, AirflowApi
from emr_pipelines.airflow_api.dags import DagState, UnknownDag, read_dag
from emr_pipelines.airflow_api.refusals import TOKEN_VARIABLE, URL_VARIABLE
from emr_pipelines.cli.airflow_home.ports import choose_ports
from emr_pipelines.cli.airflow_home.running import find_airflow
from emr_pipelines.cli.airflow_home.ui import airflow_of
from emr_pipelines.cli.local.sample_data import samples_of
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Plan

# An API server that is started again is away for a minute; who follows a backfill of hours bears with that.
_PATIENCE_SECONDS = 300.0
_NEW_DAG_SECONDS = 120.0
_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowAccess:
    """The API, and whether that Airflow ends with this command."""

    api: AirflowApi
    is_own: bool = False

    def patient(self) -> AirflowApi:
        """The API for somebody who has time."""
        return AirflowApi(self.api.address, patience=_PATIENCE_SECONDS)


def reachable_airflow(project: Project) -> AirflowAddress | None:
    """The one that is named or runs here; None when the command must start one. Raises EmrPipelinesError where none may be started."""
    address = find_airflow(project.root)
    if address is None and not is_loopback(project.environment.connection.endpoint_url):
        raise EmrPipelinesError(
            f"No Airflow is known that runs the environment {project.environment.name}. Set {URL_VARIABLE} to its address "
            f"(and {TOKEN_VARIABLE}), or start one on this machine: emr-pipelines ui --env {project.environment.name}"
        )
    return address


@contextmanager
def provided_airflow(
    project: Project, address: AirflowAddress | None, plan: Plan, console: Console
) -> Iterator[AirflowAccess]:
    """Access to that Airflow, or to one that is started for the length of the block."""
    if address is not None:
        yield AirflowAccess(api=AirflowApi(address))
        return
    with ExitStack() as stack:
        console.print("No Airflow of this project runs; one is started and ends with this command", soft_wrap=True)
        # Nobody is told of its page, so any port will do.
        ports, purpose = choose_ports(None, any_page=True), f"emr-pipelines backfill {plan.name}"
        samples = samples_of(plan, project.environment)
        airflow = stack.enter_context(airflow_of(project, ports, samples, purpose, console))
        yield AirflowAccess(api=AirflowApi(AirflowAddress(url=airflow.ports.url, is_direct=True)), is_own=True)


def dag_of(access: AirflowAccess, plan: Plan, console: Console) -> DagState:
    """The pipeline's DAG there; one of an Airflow that was started just now is waited for. Raises EmrPipelinesError when it runs in another environment."""
    deadline = time.monotonic() + (_NEW_DAG_SECONDS if access.is_own else 0.0)
    with show_waiting(f"waiting for Airflow to read dags/{plan.name}.py", console):
        while True:
            try:
                dag = read_dag(access.api, plan.name)
                break
            except UnknownDag:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(_PAUSE_SECONDS)
    if plan.environment not in dag.tags:
        others = ", ".join(tag for tag in dag.tags if tag not in (*plan.tags, "emr"))
        raise EmrPipelinesError(
            f"The Airflow at {access.api.url} runs {plan.name} in another environment ({others or 'not told'}) than {plan.environment}. "
            f"Choose that one with --env, or the address of another Airflow with {URL_VARIABLE}"
        )
    return dag

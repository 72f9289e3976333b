"""`emr-pipelines run NAME`: a run on this machine, from nothing: endpoint, sample data, Airflow (or not), and where the outputs are."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console

from emr_pipelines.cli.airflow_home.claims import claimed_run
from emr_pipelines.cli.local.endpoint import LocalEndpoint
from emr_pipelines.cli.local.sample_data import provide_sample_data, samples_of
from emr_pipelines.cli.local.server import JoinedServer, joined_server
from emr_pipelines.cli.project.aws_clients import require_credentials, s3_client
from emr_pipelines.cli.project.options import EnvironmentOption, Project, load_project
from emr_pipelines.cli.project.plans import plan_of
from emr_pipelines.cli.project.run_params import parse_params
from emr_pipelines.cli.run.airflow_process import AirflowProcess
from emr_pipelines.cli.run.ending import tell_end
from emr_pipelines.cli.run.finished_run import FinishedRun, tell_of_waiting_cluster
from emr_pipelines.cli.run.in_airflow import run_in_airflow, start_airflow
from emr_pipelines.cli.run.inline import run_inline
from emr_pipelines.cli.run.live_scheduler import kept_from_scheduler
from emr_pipelines.cli.run.order import RunOrder, order_run
from emr_pipelines.cli.run.step_options import (
    FromStepOption,
    InlineOption,
    StepChoice,
    StepOption,
    TerminateOption,
    parse_step_options,
)
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.shown_paths import shown_path
from emr_pipelines.cli.terminal.stop_signals import StoppedBySignal, exit_code, stoppable
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.project_files.project import pipeline_names
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_range import refuse_year


def run_command(
    name: Annotated[str, typer.Argument(help="A pipeline in config/pipelines.")],
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Logical date; default: now.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter of the run as NAME=VALUE; may be given again.")
    ] = None,
    step: StepOption = None,
    from_step: FromStepOption = None,
    inline: InlineOption = False,
    terminate: TerminateOption = False,
    take_over: Annotated[
        bool,
        typer.Option("--take-over", help="Publish to places that other pipelines and runs have published to, too."),
    ] = False,
    env: EnvironmentOption = None,
) -> None:
    """Run a pipeline once, as `airflow dags test` does, and print where its outputs are."""
    started, console = time.monotonic(), plain_console()
    project = load_project(env)
    plan = plan_of(project, name)
    params = parse_params(plan, param or [])
    if step is None and from_step is None:
        refuse_year(plan, params, date or datetime.now(UTC))
    choice = parse_step_options(plan, step=step, from_step=from_step, terminate=terminate)
    if not inline:
        _require_dag_file(project, name)
    require_credentials(project.environment)
    if inline:
        console.print(f"Without Airflow: {name} runs in this process; Airflow knows nothing of it", soft_wrap=True)
    run: FinishedRun | None = None
    try:
        with ExitStack() as stack:
            with stoppable():
                if choice is None and date is not None:
                    stack.enter_context(claimed_run(project.root, name, date.date()))
                server = _join_server(stack, project, plan, console)
                project = project if server is None else server.project
                if not inline:
                    stack.enter_context(kept_from_scheduler(project, name, console))
                airflow = None if inline else stack.enter_context(start_airflow(project, name))
                endpoint = _wait_for(server, console)
                order = replace(_prepare(project, plan, choice, date, params, console), take_over=take_over)
            run = _run(project, order, airflow, console)
    except KeyboardInterrupt as stop:
        raise typer.Exit(_tell_stop(stop, console, has_run=run is not None)) from None
    tell_of_waiting_cluster(run, order, console)
    raise typer.Exit(tell_end(run, plan, endpoint, console, seconds=time.monotonic() - started))


def _require_dag_file(project: Project, name: str) -> None:
    """A spec that was copied has none yet."""
    dag_file = project.root / "dags" / f"{name}.py"
    if not dag_file.is_file():
        others = [dag_file.with_stem(other) for other in pipeline_names(project.root)]
        other = next((file for file in others if file.is_file()), None)
        copy = "copy that of another pipeline" if other is None else f"cp {shown_path(other)} {shown_path(dag_file)}"
        raise EmrPipelinesError(
            f"There is no {shown_path(dag_file)}, by which Airflow finds the pipeline {name}. It is the same for all: {copy}; "
            "or run it without Airflow: add --inline"
        )


def _tell_stop(stop: KeyboardInterrupt, console: Console, *, has_run: bool) -> int:
    """Say what an interruption before or after the run itself has left, and give the exit code. A plain KeyboardInterrupt came while the command was cleaning up."""
    if isinstance(stop, StoppedBySignal):
        words = "The run was interrupted; nothing was started on EMR."
    elif has_run:
        words = "The run was over when it was interrupted; its log and outputs are there."
    else:
        words = "The run was interrupted twice, and left at once; nothing was started on EMR."
    console.print(words, style="red", soft_wrap=True)
    return exit_code(stop.number if isinstance(stop, StoppedBySignal) else signal.SIGINT)


def _run(project: Project, order: RunOrder, airflow: AirflowProcess | None, console: Console) -> FinishedRun:
    return run_inline(project, order, console) if airflow is None else run_in_airflow(airflow, order, console)


def _join_server(stack: ExitStack, project: Project, plan: Plan, console: Console) -> JoinedServer | None:
    """The emr_local of an environment that has one, in use for as long as the stack is open."""
    if project.environment.connection.endpoint_url is None:
        return None
    tell = partial(console.print, soft_wrap=True)
    warm_jvms = int(any(step.command.runs_on_jvm for step in plan.steps))
    with show_waiting("waiting for another command to start or stop emr_local", console):
        return stack.enter_context(joined_server(project, f"emr-pipelines run {plan.name}", tell, warm_jvms=warm_jvms))


def _wait_for(server: JoinedServer | None, console: Console) -> LocalEndpoint | None:
    if server is None:
        return None
    with show_waiting("starting emr_local", console):
        return server.wait_until_ready()


def _prepare(
    project: Project,
    plan: Plan,
    choice: StepChoice | None,
    date: datetime | None,
    params: dict[str, Any],
    console: Console,
) -> RunOrder:
    environment = project.environment
    if environment.sample_data:
        samples = samples_of(plan, environment)
        provide_sample_data(s3_client(environment), environment, samples, project.root, console)
    return order_run(project, plan, choice, date=date and date.date(), params=params, console=console)

"""`emr-pipelines run NAME`: one whole run on this machine, from nothing: endpoint, sample data, Airflow, DAG, and where the outputs are."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from emr_pipelines.cli.airflow_home import airflow_home, airflow_variables
from emr_pipelines.cli.aws_clients import s3_client
from emr_pipelines.cli.inline_process import InlineProcess
from emr_pipelines.cli.local_endpoint import LocalEndpoint, local_endpoint
from emr_pipelines.cli.project_options import PACKAGE_FOLDER, EnvironmentOption, Project, load_project
from emr_pipelines.cli.run_ending import (
    explain_failure,
    explain_interruption,
    show_next_commands,
    show_outputs,
    shown_path,
)
from emr_pipelines.cli.run_options import parse_params
from emr_pipelines.cli.run_progress import RunProgress
from emr_pipelines.cli.sample_data import provide_sample_data, samples_of
from emr_pipelines.cli.stop_signals import exit_code, handling
from emr_pipelines.cli.waiting import show_waiting
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.task_ids import task_ids
from emr_pipelines.spec.loader import load_pipeline
from emr_pipelines.spec.project import pipeline_file

if TYPE_CHECKING:
    from collections.abc import Iterator

# The steps that emr_local runs in a JVM.
_NEEDS_JVM = frozenset({"spark", "streaming"})


def run_command(
    name: Annotated[str, typer.Argument(help="A pipeline in config/pipelines.")],
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Logical date; default: now.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter of the run as NAME=VALUE; may be given again.")
    ] = None,
    env: EnvironmentOption = None,
) -> None:
    """Run a pipeline once, as `airflow dags test` does, and print where its outputs are."""
    started = time.monotonic()
    console = Console()
    project = load_project(env)
    plan = build_plan(
        load_pipeline(
            pipeline_file(project.root, name), environment=project.environment.name, project_root=project.root
        )
    )
    conf = parse_params(plan, param or [])
    try:
        run = _run(project, plan, date, conf, console)
    except _StartInterrupted as stop:
        console.print("The run was interrupted; nothing was started on EMR.", style="red")
        raise typer.Exit(exit_code(stop.number)) from None
    if run.progress.run_state == "success":
        show_outputs(run.progress, run.endpoint, console)
        console.print(f"\n{time.monotonic() - started:.0f} s in all")
        show_next_commands(name, plan.steps[-1].name, console)
    elif run.stopped_by is not None:
        explain_interruption(run.progress, console)
        raise typer.Exit(exit_code(run.stopped_by))
    else:
        explain_failure(run.progress, run.log_file, console)
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A run that is over, and the signal that ended it, if one did."""

    progress: RunProgress
    log_file: Path
    stopped_by: int | None
    endpoint: LocalEndpoint | None


def _run(project: Project, plan: Plan, date: datetime | None, conf: dict[str, Any], console: Console) -> _Run:
    log_file = _log_file(project.root, plan.name)
    with ExitStack() as stack:
        log = stack.enter_context(log_file.open("w"))
        with _interruptible(), show_waiting("starting Airflow and emr_local", console):
            # Both take seconds to import what they need, so they do it at the same time.
            process = stack.enter_context(_inline_process(project, plan, date, conf, log.fileno()))
            endpoint = _enter_endpoint(stack, project, plan)
        with _interruptible():
            samples = samples_of(plan, project.environment)
            provide_sample_data(s3_client(project.environment), project.environment, samples, project.root, console)
        progress = RunProgress(task_ids(plan), console)
        console.print(
            f"Running {plan.name} in the environment {plan.environment} (log: {shown_path(log_file)})", soft_wrap=True
        )
        progress.follow(process.events())
    return _Run(progress=progress, log_file=log_file, stopped_by=process.stopped_by, endpoint=endpoint)


class _StartInterrupted(KeyboardInterrupt):
    """A signal came before the run had begun."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _interruptible() -> Iterator[None]:
    """Leave the block with _StartInterrupted when a signal comes."""

    def interrupt(number: int) -> None:
        raise _StartInterrupted(number)

    with handling(interrupt, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        yield


def _log_file(root: Path, name: str) -> Path:
    logs = airflow_home(root) / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    return logs / f"run-{name}-{time.strftime('%Y%m%dT%H%M%S')}.log"


def _inline_process(
    project: Project, plan: Plan, date: datetime | None, conf: dict[str, Any], log: int
) -> InlineProcess:
    variables = {
        **os.environ,
        **airflow_variables(project.root, project.environment),
        "PYTHONPATH": str(PACKAGE_FOLDER),
    }
    arguments = [str(project.root / "dags" / f"{plan.name}.py"), "--conf", json.dumps(conf)]
    arguments += ["--date", f"{date:%Y-%m-%d}"] if date else []
    arguments += ["--database-stamp", str(airflow_home(project.root) / "database_version")]
    return InlineProcess(arguments, variables, log)


def _enter_endpoint(stack: ExitStack, project: Project, plan: Plan) -> LocalEndpoint | None:
    """The emr_local of an environment that has one, for as long as the stack is open."""
    url = project.environment.connection.endpoint_url
    if url is None:
        return None
    warm_jvms = int(any(step.kind in _NEEDS_JVM for step in plan.steps))
    return stack.enter_context(local_endpoint(url, project.root, warm_jvms=warm_jvms))

"""`emr-pipelines run NAME`: one whole run on this machine, from nothing: endpoint, sample data, Airflow, DAG, and where the outputs are."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emr_pipelines.cli.airflow_home import airflow_home, airflow_variables
from emr_pipelines.cli.aws_clients import s3_client
from emr_pipelines.cli.finished_run import FinishedRun, new_log_file, show_tails, tell_of_waiting_cluster
from emr_pipelines.cli.inline_process import InlineProcess
from emr_pipelines.cli.local_endpoint import LocalEndpoint, local_endpoint
from emr_pipelines.cli.project_options import PACKAGE_FOLDER, EnvironmentOption, Project, load_project
from emr_pipelines.cli.run_inline import run_inline
from emr_pipelines.cli.run_options import parse_params
from emr_pipelines.cli.run_order import RunOrder, airflow_arguments, order_run
from emr_pipelines.cli.run_progress import RunProgress
from emr_pipelines.cli.sample_data import provide_sample_data
from emr_pipelines.cli.step_options import (
    FromStepOption,
    InlineOption,
    StepOption,
    TerminateOption,
    parse_step_options,
)
from emr_pipelines.cli.stop_signals import exit_code
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.task_ids import task_ids
from emr_pipelines.spec.loader import load_pipeline
from emr_pipelines.spec.project import pipeline_file
from emr_pipelines.spec.task_names import CREATE_TASK, TERMINATE_TASK

_LOG_TAIL_LINES = 30


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
    env: EnvironmentOption = None,
) -> None:
    """Run a pipeline once, as `airflow dags test` does, and print where its outputs are."""
    console = Console()
    project = load_project(env)
    plan = build_plan(
        load_pipeline(
            pipeline_file(project.root, name), environment=project.environment.name, project_root=project.root
        )
    )
    params = parse_params(plan, param or [])
    choice = parse_step_options(plan, step=step, from_step=from_step, terminate=terminate)
    if inline:
        console.print(f"Without Airflow: {name} runs in this process; Airflow knows nothing of it", soft_wrap=True)
    with ExitStack() as stack:
        endpoint_url = project.environment.connection.endpoint_url
        endpoint = stack.enter_context(local_endpoint(endpoint_url, project.root)) if endpoint_url else None
        provide_sample_data(s3_client(project.environment), project.environment, project.root, console.print)
        order = order_run(project, plan, choice, date=date and date.date(), params=params, console=console)
        run = run_inline(project, order, console) if inline else _run(project, order, console)
    tell_of_waiting_cluster(run, order, console)
    _tell_end(run, endpoint, console)


def _tell_end(run: FinishedRun, endpoint: LocalEndpoint | None, console: Console) -> None:
    if run.progress.run_state == "success":
        _show_outputs(run.progress, endpoint, console)
    elif run.stopped_by is not None:
        _explain_interruption(run.progress, console)
        raise typer.Exit(exit_code(run.stopped_by))
    else:
        show_tails(run, console)
        _explain_failure(run.progress, run.log_file, console)
        raise typer.Exit(1)


def _run(project: Project, order: RunOrder, console: Console) -> FinishedRun:
    plan = order.scope.plan
    variables = {
        **os.environ,
        **airflow_variables(project.root, project.environment),
        "PYTHONPATH": str(PACKAGE_FOLDER),
    }
    log_file = new_log_file(project.root, plan.name)
    with log_file.open("w") as log:
        _prepare_database(project.root, variables, log_file, console)
        progress = RunProgress(task_ids(order.scope), console)
        console.print(
            f"Running {plan.name} in the environment {plan.environment} (log: {_shown(log_file)})", soft_wrap=True
        )
        arguments = [str(project.root / "dags" / f"{plan.name}.py"), *airflow_arguments(order)]
        process = InlineProcess(arguments, variables, log.fileno())
        progress.follow(process.events())
    return FinishedRun(progress=progress, log_file=log_file, stopped_by=process.stopped_by)


def _prepare_database(root: Path, variables: dict[str, str], log_file: Path, console: Console) -> None:
    """Make or migrate Airflow's database, once for each version of Airflow."""
    stamp = airflow_home(root) / "database_version"
    if stamp.is_file() and stamp.read_text() == version("apache-airflow"):
        return
    console.print("Preparing Airflow's database (once) …")
    with log_file.open("a") as log:
        migrated = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"], env=variables, stdout=log, stderr=log, check=False
        )
    if migrated.returncode != 0:
        raise EmrPipelinesError(f"`airflow db migrate` failed; its words are in {log_file}")
    stamp.write_text(version("apache-airflow"))


def _explain_interruption(progress: RunProgress, console: Console) -> None:
    console.print(f"The run was interrupted; {_find_fate(progress)}.", style="red", soft_wrap=True)


def _find_fate(progress: RunProgress) -> str:
    """What became of the run's cluster and steps; a cluster that is not the run's own has no task that terminates it."""
    tasks, left_at_once = progress.tasks, progress.run_state == "running"
    if tasks[CREATE_TASK].state == "waiting":
        return "nothing was started on EMR"
    if TERMINATE_TASK not in tasks:
        return (
            "a step of it may still run on the cluster"
            if left_at_once
            else "the cluster, which is not its own, goes on"
        )
    if tasks[TERMINATE_TASK].state == "success":
        return "no cluster of it is left"
    return (
        "a cluster may be left. It terminates itself when it has been idle for its idle_timeout; "
        "past its max_lifetime `emr-pipelines reap` terminates it"
    )


def _explain_failure(progress: RunProgress, log_file: Path, console: Console) -> None:
    failed = {task_id: task for task_id, task in progress.tasks.items() if task.state == "failed"}
    for task_id, task in failed.items():
        console.print(f"{task_id} failed: {task.details.get('error', '')}", style="red", markup=False, soft_wrap=True)
    if not failed:
        console.print(
            "\n".join(log_file.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]),
            markup=False,
            soft_wrap=True,
        )
    console.print(f"The whole log: {_shown(log_file)}", soft_wrap=True)


def _show_outputs(progress: RunProgress, endpoint: LocalEndpoint | None, console: Console) -> None:
    uris = [task.details["published"] for task in progress.tasks.values() if "published" in task.details]
    uris = uris or [task.details["output"] for task in progress.tasks.values() if "output" in task.details]
    console.print("\n[bold]Outputs[/bold]")
    for uri in uris:
        console.print(uri, soft_wrap=True)
        if endpoint is not None:
            folder = endpoint.local_path(uri)
            for path in sorted(
                path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(("_", "."))
            ):
                console.print(f"    {_shown(path)}", soft_wrap=True, highlight=False)


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)

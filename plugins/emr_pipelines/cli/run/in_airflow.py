"""A run in the project's own Airflow, in a process that is started early: importing Airflow takes as long as starting emr_local, so both happen at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from emr_pipelines.cli.airflow_home.log_files import new_log_file
from emr_pipelines.cli.airflow_home.variables import database_stamp, process_variables
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.project.python_process import PACKAGE_FOLDER
from emr_pipelines.cli.run.airflow_process import AirflowProcess
from emr_pipelines.cli.run.finished_run import FinishedRun
from emr_pipelines.cli.run.order import RunOrder, airflow_arguments
from emr_pipelines.cli.run.progress import RunProgress
from emr_pipelines.cli.terminal.shown_paths import shown_path
from emr_pipelines.plan.task_ids import task_ids


@contextmanager
def start_airflow(project: Project, pipeline: str) -> Iterator[AirflowProcess]:
    """A process that imports Airflow, prepares its database and waits for what it is to run; one that was told nothing is ended with the block."""
    variables = {**process_variables(project.root, project.environment), "PYTHONPATH": str(PACKAGE_FOLDER)}
    dag_file = project.root / "dags" / f"{pipeline}.py"
    stamp = database_stamp(project.root)
    with AirflowProcess(dag_file, stamp, variables, new_log_file(project.root, f"run-{pipeline}")) as process:
        yield process


def run_in_airflow(process: AirflowProcess, order: RunOrder, console: Console) -> FinishedRun:
    """Run it there, showing its tasks."""
    plan, log_file = order.scope.plan, process.log_file
    progress = RunProgress(task_ids(order.scope), console)
    console.print(
        f"Running {plan.name} in the environment {plan.environment} (log: {shown_path(log_file)})", soft_wrap=True
    )
    progress.follow(process.events(airflow_arguments(order)))
    return FinishedRun(progress=progress, log_file=log_file, stopped_by=process.stopped_by, tails=progress.tails)

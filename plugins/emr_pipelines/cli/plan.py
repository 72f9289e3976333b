"""`emr-pipelines plan NAME`: what a run would do, without doing any of it. Imports neither Airflow nor boto3."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console

from emr_pipelines.cli.plan_tables import plan_tables
from emr_pipelines.cli.project_options import EnvironmentOption, load_project
from emr_pipelines.cli.run_options import parse_params
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.binding import BoundRun, bind_run, values_of_run
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.step_arguments import command_line
from emr_pipelines.spec.loader import load_pipeline
from emr_pipelines.spec.project import pipeline_file

# What only the run itself learns; as long as the real values, so that the characters counted are the real ones.
_NEW_CLUSTER_ID = "j-OFTHISRUNONLY"
_CODE_DIGEST = "code-digest-here"


def plan_command(
    name: Annotated[str, typer.Argument(help="A pipeline in config/pipelines.")],
    env: EnvironmentOption = None,
    date: Annotated[
        str | None, typer.Option(help="Show the requests of the run with this logical date, YYYY-MM-DD.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="With --date: a parameter of the run as NAME=VALUE; may be given again.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what a run does: its tasks in order, its cluster, the code to publish, and how close it comes to EMR's limits."""
    project = load_project(env)
    plan = build_plan(
        load_pipeline(
            pipeline_file(project.root, name), environment=project.environment.name, project_root=project.root
        )
    )
    bound = _bind(plan, date, param or [])
    console = Console()
    if as_json:
        requests = {} if bound is None else {"requests": asdict(bound)}
        console.print_json(data=plan.to_json() | requests)
        return
    for table in plan_tables(plan, bound):
        console.print(table)
    for body in bound.add_job_flow_steps if bound else ():
        _print_command(console, body["Steps"][0])


def _print_command(console: Console, step: dict[str, Any]) -> None:
    """A step's name and its arguments as a shell would take them, in one line that can be copied."""
    console.print(f"\n{step['Name']}", style="bold", markup=False, highlight=False)
    console.print(shlex.join(command_line(step)), markup=False, highlight=False, soft_wrap=True)


def _bind(plan: Plan, date: str | None, params: Sequence[str]) -> BoundRun | None:
    if date is None:
        if params:
            raise EmrPipelinesError(
                "--param has no effect without --date; add --date YYYY-MM-DD to see the requests of one run"
            )
        return None
    logical_date = _parse_date(date)
    values = values_of_run(
        plan,
        run_id=f"scheduled__{logical_date}T00:00:00+00:00",
        date=logical_date,
        params=parse_params(plan, params),
        code_prefix=f"{plan.bucket}/code/{_CODE_DIGEST}",
    )
    return bind_run(plan, values, cluster_id=plan.cluster.existing_id or _NEW_CLUSTER_ID)


def _parse_date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise EmrPipelinesError(f"--date {text!r} is not a date; the form is YYYY-MM-DD") from error

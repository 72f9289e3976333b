"""`emr-pipelines list`: the pipelines of the project, when they run next, and how their newest run is doing."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Column
from rich.text import Text

from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.project.plans import plan_of
from emr_pipelines.cli.runs.run_options import JsonOption, run_reader
from emr_pipelines.cli.runs.status_view import STATE_STYLES
from emr_pipelines.cli.terminal.amounts import moment
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.errors import EmrPipelinesError, SpecError
from emr_pipelines.pipeline_spec.project_files.project import pipeline_names
from emr_pipelines.plan.model import Plan
from emr_pipelines.run_records.pipeline_list import ListedPipeline, list_pipelines

_NEVER = "never ran"
_LOOK: dict[str, Any] = {"box": None, "header_style": "bold", "padding": (0, 2, 0, 0), "pad_edge": False}


def list_command(env: EnvironmentOption = None, as_json: JsonOption = False) -> None:
    """List the project's pipelines: schedule, next run, newest run and live clusters.

    Example: emr-pipelines list --env aws
    """
    plans, broken = _plans(env)
    with run_reader(env, "list") as reader:
        listed = list_pipelines(reader.sources, plans, now=dt.datetime.now(dt.UTC))
    print_json([_data(one) for one in listed]) if as_json else print_list(plain_console(highlight=False), listed)
    if broken:
        raise EmrPipelinesError(
            f"Not listed, since their specs have problems: {', '.join(broken)}. See emr-pipelines validate"
        )


def _plans(env: str | None) -> tuple[list[Plan], list[str]]:
    """The plans of the project, and the names of those whose spec cannot be used: one mistake hides no other pipeline."""
    project = load_project(env)
    plans, broken = [], []
    for name in pipeline_names(project.root):
        try:
            plans.append(plan_of(project, name))
        except SpecError:
            broken.append(name)
    return plans, broken


def _data(one: ListedPipeline) -> dict[str, Any]:
    return asdict(one) | {"began": one.began and one.began.isoformat(timespec="seconds")}


def print_list(console: Console, listed: list[ListedPipeline]) -> None:
    """A table of the pipelines, and a line for each live cluster."""
    columns = (
        Column("Pipeline", overflow="fold"),
        Column("Schedule", overflow="fold"),
        Column("Next run (UTC)", overflow="fold"),
        Column("Newest run", overflow="fold"),
        Column("State", overflow="fold"),
    )
    if not listed:
        console.print("There is no pipeline in config/pipelines yet.", soft_wrap=True)
        return
    console.print(text_table(*columns, rows=[_row(one) for one in listed], **_LOOK))
    for one in listed:
        for cluster in one.clusters:
            console.print(f"{one.name} has the live cluster {cluster}", soft_wrap=True)


def _row(one: ListedPipeline) -> tuple[str | Text, ...]:
    if one.state is None:
        return one.name, one.schedule or "-", one.next_run, _NEVER, "-"
    newest = f"{one.date or one.run_id}, {moment(one.began).removesuffix(' UTC')}"
    state = Text(one.state, style=STATE_STYLES.get(one.state, ""))
    if one.single_steps:
        state.append(f" (only {', '.join(one.single_steps)})")
    return one.name, one.schedule or "-", one.next_run, newest, state

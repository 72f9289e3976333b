"""Makes a backfill: shows what it is about to do, asks once, has Airflow do it, and follows it."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console

from emr_pipelines.airflow_api.backfills import BackfillRequest, create_backfill
from emr_pipelines.airflow_api.dags import DagState, set_paused
from emr_pipelines.cli.backfill.airflow_access import AirflowAccess, dag_of, provided_airflow, reachable_airflow
from emr_pipelines.cli.backfill.choosing import BackfillChoice, choose_backfill
from emr_pipelines.cli.backfill.following import follow_to_the_end
from emr_pipelines.cli.backfill.plan_view import choice_json, counted, show_choice
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.catalog.price_data import read_prices
from emr_pipelines.plan.cost.estimate import CostEstimate, estimate_cost
from emr_pipelines.plan.cost.prices import price_table
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.backfill_choice import ChosenRun, choose_missing, runs_to_fill
from emr_pipelines.plan.runs.run_dates import ScheduledRun
from emr_pipelines.plan.runs.run_range import words_outside


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillOptions:
    """What was asked for on the command line."""

    first: dt.date
    last: dt.date
    params: Mapping[str, Any]
    max_active: int | None
    only_failed: bool
    hours: float | None
    dry_run: bool
    yes: bool
    unpause: bool
    as_json: bool


def make_backfill(project: Project, plan: Plan, options: BackfillOptions, console: Console) -> int:
    """The command's exit code: 0 when every run in the range is green, or for a dry run."""
    due = runs_to_fill(plan, options.first, options.last, options.params, dt.datetime.now(dt.UTC))
    if not (options.dry_run or options.yes or sys.stdin.isatty()):
        raise typer.BadParameter("Nobody can be asked here: add --yes to make the runs, or --dry-run to see them")
    address = reachable_airflow(project)
    if address is None and options.dry_run:
        return _show_without_airflow(project, plan, due, options, console)
    with ExitStack() as stack:
        try:
            access = stack.enter_context(provided_airflow(project, address, plan, console))
            prepared = _prepare(project, plan, due, options, access, console)
        except KeyboardInterrupt:
            console.print("Interrupted; nothing was made", style="yellow", soft_wrap=True)
            raise
        if isinstance(prepared, int):
            return prepared
        backfill = create_backfill(access.api, prepared.request)
        # Only now: until the backfill has them, the scheduler would make runs of these dates by itself.
        if prepared.unpauses:
            set_paused(access.api, plan.name, is_paused=False)
        return follow_to_the_end(project, access, plan, backfill, prepared.dates, console, as_json=options.as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """What somebody has said yes to."""

    request: BackfillRequest
    dates: tuple[dt.datetime, ...]
    unpauses: bool


def _prepare(
    project: Project,
    plan: Plan,
    due: tuple[ScheduledRun, ...],
    options: BackfillOptions,
    access: AirflowAccess,
    console: Console,
) -> _Prepared | int:
    """What is to be made, or the command's exit code where nothing is. Makes nothing."""
    dag = dag_of(access, plan, console)
    choice = choose_backfill(
        access.api, plan, due, options.params, max_active=options.max_active, only_failed=options.only_failed
    )
    if choice.runs:
        _show(project, plan, choice.runs, options, console)
    if choice.request is None:
        code = _tell_nothing_to_do(project, plan, choice, options, console)
        return 0 if options.dry_run else code
    if options.dry_run:
        return 0
    unpause = _must_unpause(dag, options)
    if not _is_wanted(choice, options, unpause=unpause):
        console.print("Nothing was made", soft_wrap=True)
        return 1
    return _Prepared(request=choice.request, dates=choice.dates, unpauses=unpause)


def _show_without_airflow(
    project: Project, plan: Plan, due: tuple[ScheduledRun, ...], options: BackfillOptions, console: Console
) -> int:
    """The runs of the schedule. Starting Airflow for a look would be too much, and a failed run is known to it alone."""
    if options.only_failed:
        raise EmrPipelinesError(
            "No Airflow of this project runs, so nobody knows which runs failed. Start it: emr-pipelines ui"
        )
    _show(project, plan, choose_missing(due, {}), options, console)
    console.print(
        "No Airflow of this project runs, so nobody knows which of these runs are there already", soft_wrap=True
    )
    return 0


def _show(
    project: Project, plan: Plan, runs: tuple[ChosenRun, ...], options: BackfillOptions, console: Console
) -> None:
    cost = _cost(project, plan, sum(run.action != "keep" for run in runs), options.hours)
    if options.dry_run and options.as_json:
        print_json(choice_json(plan, runs, cost))
    else:
        for words in filter(None, (words_outside(plan, date) for date in (options.first, options.last))):
            console.print(words, soft_wrap=True)
        show_choice(plan, runs, cost, console)


def _cost(project: Project, plan: Plan, runs: int, hours: float | None) -> CostEstimate:
    return estimate_cost(plan, price_table(read_prices(project.root)), hours=hours, runs=runs)


def _tell_nothing_to_do(
    project: Project, plan: Plan, choice: BackfillChoice, options: BackfillOptions, console: Console
) -> int:
    """Nothing is to be made; whether that is well depends on the runs that are there."""
    if options.as_json and not (options.dry_run and choice.runs):
        print_json(choice_json(plan, choice.runs, _cost(project, plan, 0, options.hours)))
    if options.only_failed and not choice.runs:
        console.print(
            f"No run of {plan.name} from {options.first} to {options.last} has failed; nothing was made", soft_wrap=True
        )
        return 0
    failed = sum(run.state == "failed" for run in choice.runs)
    console.print(f"Nothing to make: {counted(len(choice.runs), 'run')} there already", soft_wrap=True)
    if failed:
        console.print(f"{counted(failed, 'run')} failed; run again with --only-failed", style="red", soft_wrap=True)
    return int(any(run.state != "success" for run in choice.runs))


def _must_unpause(dag: DagState, options: BackfillOptions) -> bool:
    """Whether the DAG is to be unpaused. Raises EmrPipelinesError when it would have to be, and nobody said so or can be asked."""
    if not dag.is_paused or options.unpause:
        return dag.is_paused
    if options.yes:
        raise EmrPipelinesError(
            f"{dag.dag_id} is paused in Airflow, so its runs would wait. Add --unpause, which lets its schedule go on, too; nothing was made"
        )
    return True


def _is_wanted(choice: BackfillChoice, options: BackfillOptions, *, unpause: bool) -> bool:
    if options.yes:
        return True
    question = f"Make {counted(choice.to_run, 'run')}?"
    if unpause and not options.unpause:
        question = f"The DAG is paused, so its runs would wait. Unpause it, which lets its schedule go on, too, and make {counted(choice.to_run, 'run')}?"
    return typer.confirm(question, err=options.as_json)

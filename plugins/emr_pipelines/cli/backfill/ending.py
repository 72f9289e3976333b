"""How a backfill ended, as people and programs read it: which runs, which outputs, what failed and why, and what to do next. Asks nothing of Airflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from rich.console import Console

from emr_pipelines.airflow_api.backfill_outcome import DateOutcome
from emr_pipelines.airflow_api.backfill_watch import BackfillProgress
from emr_pipelines.cli.backfill.plan_view import FORMAT, counted
from emr_pipelines.cli.backfill.progress_view import failure_words, sum_words
from emr_pipelines.cli.local.endpoint import LocalEndpoint
from emr_pipelines.cli.terminal.shown_paths import shown_path
from emr_pipelines.pipeline_spec.project_files.project import DEFAULT_ENVIRONMENT
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.backfill_choice import label_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a person finds what the summary names: the address of Airflow's pages, None for an Airflow that ends now; the local EMR whose files are on this machine, None for another."""

    pages: str | None
    files: LocalEndpoint | None


def show_end(
    plan: Plan, progress: BackfillProgress, ended: Sequence[DateOutcome], places: Places, console: Console
) -> None:
    """Print what came of it: the outputs, the failures with the pages of their runs, and the command that runs the failed ones again."""
    _show_outputs(ended, places, console)
    _show_failures(plan, ended, places, console)
    style = "green" if progress.is_green else "red"
    console.print(f"\n{sum_words(progress)}", style=style, soft_wrap=True, highlight=False)
    failed = [one.progress.date for one in ended if one.progress.state == "failed"]
    if failed:
        command = (
            f"emr-pipelines backfill {plan.name} --from {failed[0]:%Y-%m-%d} --to {_last_day(failed[-1])} --only-failed"
        )
        console.print(f"When the cause is gone: {command}{_environment(plan)}", soft_wrap=True, highlight=False)
    missing = [label_of(one.progress.date) for one in ended if one.progress.state == "not made"]
    if missing:
        console.print(
            f"{counted(len(missing), 'run')} {'was' if len(missing) == 1 else 'were'} not made, since the backfill was cancelled: {', '.join(missing)}",
            style="red",
            soft_wrap=True,
            highlight=False,
        )


def end_json(plan: Plan, progress: BackfillProgress, ended: Sequence[DateOutcome]) -> dict[str, Any]:
    """The same as one JSON document."""
    now = dt.datetime.now(dt.UTC)
    return {
        "format": FORMAT,
        "pipeline": plan.name,
        "environment": plan.environment,
        "made": True,
        "backfill": progress.backfill.backfill_id,
        "green": progress.is_green,
        "counts": progress.counts(),
        "runs": [
            {
                "logical_date": one.progress.date.isoformat(),
                "run_id": one.progress.run and one.progress.run.run_id,
                "state": one.progress.state,
                "of_this_backfill": not one.progress.was_before,
                "seconds": one.progress.seconds(now),
                "outputs": list(one.outputs),
                "failures": [{"task": failure.task_id or None, "error": failure.error} for failure in one.failures],
            }
            for one in ended
        ],
    }


def tell_interruption(plan: Plan, console: Console, *, ends_airflow: bool) -> None:
    """Say what an interrupted following leaves: the backfill is Airflow's, and goes on."""
    verb = f"emr-pipelines backfill {plan.name}"
    where = _environment(plan)
    if ends_airflow:
        words = (
            f"The Airflow that this command started ends with it, and the backfill stands still: it goes on as soon as Airflow runs again.\n"
            f"    {verb} --follow{where}   # goes on, and follows it\n    emr-pipelines ui{where}   # goes on behind Airflow's page"
        )
    else:
        words = (
            f"You no longer follow the backfill; it goes on in Airflow.\n"
            f"    {verb} --follow{where}   # follows it again\n    {verb} --cancel{where}   # makes no more runs of it"
        )
    console.print(words, style="yellow", soft_wrap=True, highlight=False)


def _show_outputs(ended: Sequence[DateOutcome], places: Places, console: Console) -> None:
    with_outputs = [one for one in ended if one.outputs]
    if with_outputs:
        console.print("\nOutputs", style="bold")
    for one in with_outputs:
        for place in one.outputs:
            console.print(f"{label_of(one.progress.date)}: {place}", soft_wrap=True, highlight=False)
            folder = None if places.files is None else places.files.local_path(place)
            if folder is not None and folder.is_dir():
                console.print(f"    {shown_path(folder)}", soft_wrap=True, highlight=False)


def _show_failures(plan: Plan, ended: Sequence[DateOutcome], places: Places, console: Console) -> None:
    failed = [one for one in ended if one.failures]
    if failed:
        console.print("\nFailures", style="bold")
    for one in failed:
        for failure in one.failures:
            console.print(
                f"{label_of(one.progress.date)}: {failure_words(failure)}", style="red", soft_wrap=True, highlight=False
            )
        if places.pages is not None and one.progress.run is not None:
            page = f"{places.pages}/dags/{quote(plan.name, safe='')}/runs/{quote(one.progress.run.run_id, safe='')}"
            console.print(f"    {page}", soft_wrap=True, highlight=False)


def _last_day(date: dt.datetime) -> str:
    """The day at whose midnight a range ends that holds this date."""
    return f"{date if date.time() == dt.time() else date + dt.timedelta(days=1):%Y-%m-%d}"


def _environment(plan: Plan) -> str:
    return "" if plan.environment == DEFAULT_ENVIRONMENT else f" --env {plan.environment}"

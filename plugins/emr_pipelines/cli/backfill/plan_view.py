"""What a backfill is about to do, before anybody says yes: its runs, what becomes of each, and what they cost. Asks nothing of Airflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from emr_pipelines.cli.plan.layout import heading, table
from emr_pipelines.plan.cost.estimate import CostEstimate
from emr_pipelines.plan.cost.rows import cost_summary
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.backfill_choice import ChosenRun, label_of

FORMAT = "emr-pipelines/backfill/1"
# Of more runs than these the first and the last are shown; --json has them all.
_MOST_RUNS = 60
_SHOWN_RUNS = 25
# What `emr-pipelines plan` says besides: where each price is from.
_LEFT_OUT = ("where", "source", "note")


def show_choice(plan: Plan, chosen: Sequence[ChosenRun], cost: CostEstimate, console: Console) -> None:
    """Print the runs and their cost."""
    rows = list(_rows(chosen))
    if len(rows) > _MOST_RUNS:
        between = len(rows) - 2 * _SHOWN_RUNS
        rows = [*rows[:_SHOWN_RUNS], ("…", f"{between:,} more", "all of them with --json"), *rows[-_SHOWN_RUNS:]]
    first, last = label_of(chosen[0].date), label_of(chosen[-1].date)
    title = f"{counted(len(chosen), 'run')} of {plan.name} by {plan.schedule}, {first} to {last}"
    console.print(heading(title), soft_wrap=True)
    console.print(table("", "run", "differs by", "what happens", rows=rows))
    told = [f"  {label}: {text}" for label, text in cost_summary(cost) if label not in _LEFT_OUT]
    if cost.runs and told:
        at_home = plan.connection.endpoint_url is not None
        label = "What they would cost" if at_home else "What they cost"
        console.print(Text("\n".join([f"{label} on AWS, {cost.region}, in US dollars", *told])), soft_wrap=True)


def choice_json(plan: Plan, chosen: Sequence[ChosenRun], cost: CostEstimate) -> dict[str, Any]:
    """The same as one JSON document, for --dry-run."""
    return {
        "format": FORMAT,
        "pipeline": plan.name,
        "environment": plan.environment,
        "made": False,
        "runs": [
            {
                "logical_date": run.date.isoformat(),
                "values": dict(run.scheduled.values),
                "action": run.action,
                "state": run.state,
            }
            for run in chosen
        ],
        "cost": asdict(cost),
    }


def counted(count: int, noun: str) -> str:
    """A number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _rows(chosen: Sequence[ChosenRun]) -> Iterator[tuple[str, str, str]]:
    for run in chosen:
        values = ", ".join(f"{name}={value}" for name, value in run.scheduled.values.items())
        yield label_of(run.date), values, _what_happens(run)


def _what_happens(run: ChosenRun) -> str:
    match run.action:
        case "keep":
            return f"nothing: it is there ({run.state})"
        case "run again":
            return f"runs again ({run.state})"
        case _:
            return "is made"

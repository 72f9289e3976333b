"""The runs that the command line asks about: one date with its exact requests, or a range of the schedule. Does no I/O."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

import typer

from emr_pipelines.cli.plan.report import RunOfDate, RunsOfRange
from emr_pipelines.cli.project.run_params import parse_params
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.differences.plan_record import PlanRecord
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import bind_run, values_of_run
from emr_pipelines.plan.runs.run_dates import scheduled_runs

# What only the run itself learns; as long as a real one, so that the characters counted are the real ones.
NEW_CLUSTER_ID = "j-OFTHISRUNONLY"

ParamOption = Annotated[
    list[str] | None,
    typer.Option("--param", help="With a date: a parameter of the run as NAME=VALUE; may be given again."),
]


def run_of_date(plan: Plan, record: PlanRecord, date: str, params: Sequence[str]) -> RunOfDate:
    """The run with this logical date, as the schedule makes it, and all that it sends when nothing fails."""
    logical_date = _parse_date("--date", date)
    values = values_of_run(
        plan,
        run_id=f"scheduled__{logical_date}T00:00:00+00:00",
        date=logical_date,
        params=parse_params(plan, params),
        code_prefix=record.code_prefix,
    )
    return RunOfDate(
        run_id=values.run_id,
        logical_date=logical_date,
        values=values,
        requests=bind_run(plan, values, cluster_id=plan.cluster.existing_id or NEW_CLUSTER_ID),
    )


def runs_of_range(plan: Plan, first: str | None, last: str | None, params: Sequence[str]) -> RunsOfRange:
    """The runs that the schedule gives between two dates."""
    if first is None or last is None:
        raise EmrPipelinesError("--from and --to go together: both dates of the range as YYYY-MM-DD")
    start, end = _parse_date("--from", first), _parse_date("--to", last)
    return RunsOfRange(first=start, last=end, runs=scheduled_runs(plan, start, end, parse_params(plan, params)))


def refuse_mixed(date: str | None, first: str | None, last: str | None, params: Sequence[str]) -> None:
    """Raise EmrPipelinesError for options that say nothing together."""
    is_range = first is not None or last is not None
    if date is not None and is_range:
        raise EmrPipelinesError("--date shows one run and --from … --to a range; keep one of them")
    if params and date is None and not is_range:
        raise EmrPipelinesError(
            "--param has no effect without a date; add --date YYYY-MM-DD for one run, or --from and --to for those of a range"
        )


def _parse_date(option: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise EmrPipelinesError(f"{option} {text!r} is not a date; the form is YYYY-MM-DD") from error

"""What a plan sends: the code that it uploads, the limits of EMR, the command lines of one run, and the runs of a range. Reads the report and nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from rich.filesize import decimal
from rich.text import Text

from emr_pipelines.cli.plan.layout import Shown, heading, table
from emr_pipelines.cli.plan.report import PlanReport
from emr_pipelines.pipeline_spec.notation.run_placeholders import DATE_FORMS
from emr_pipelines.plan.kinds.argv import command_line
from emr_pipelines.plan.limits import LimitUse
from emr_pipelines.plan.runs.run_dates import ScheduledRun

_SHOWN_DIGITS = 12
*_FIRST_DATES, _LAST_DATE = (f"${{{name}}}" for name in DATE_FORMS)
_DATES = f"{', '.join(_FIRST_DATES)} or {_LAST_DATE}"
# Of more runs than these the first and the last are shown; --json has them all.
_MOST_RUNS = 60
_SHOWN_RUNS = 25


def show_artifacts(report: PlanReport) -> list[Shown]:
    """The code below its prefix; with a difference also what is new or changed."""
    if not report.artifacts:
        return []
    states = report.code_states
    rows = [
        (
            item.source,
            "the same path" if item.target == item.source else item.target,
            decimal(item.bytes),
            item.sha256[:_SHOWN_DIGITS],
            *([states[item.source]] if states else []),
        )
        for item in report.artifacts
    ]
    total = decimal(sum(item.bytes for item in report.artifacts))
    title = f"Code to publish below {report.record.code_prefix}/ ({total})"
    columns = ("in the project", "below the prefix", "size", "sha256", *(["state"] if states else []))
    return [table(title, *columns, rows=rows)]


def show_limits(report: PlanReport) -> list[Shown]:
    """How close the plan comes to the limits of EMR."""
    rows = ((use.name, _used(use), use.by) for use in report.limits)
    return [table("Limits of EMR", "limit", "used", "by", rows=rows)]


def show_requests(report: PlanReport) -> list[Shown]:
    """Each step's arguments as a shell would take them, in one line that can be copied."""
    dated = "" if report.run is None else f" --date {report.run.logical_date}"
    shown: list[Shown] = [heading("Steps as they are submitted")]
    for step in report.steps:
        shown += [heading(str(step["Name"])), Text(shlex.join(command_line(step)))]
    if report.run is not None:
        whole = f"The whole bodies of the requests: emr-pipelines render {report.plan.name} --env {report.plan.environment}{dated}"
        shown.append(Text(f"\n{whole}", style="dim"))
    return shown


def show_runs(report: PlanReport) -> list[Shown]:
    """The runs of the schedule, each with what its requests have for themselves."""
    if report.runs is None:
        return []
    runs = report.runs.runs
    span = f"from {report.runs.first} to {report.runs.last}"
    title = f"{len(runs):,} run{'' if len(runs) == 1 else 's'} by {report.plan.schedule} {span}"
    if not runs:
        return [heading(title)]
    shown: list[Shown] = [table(title, "#", "logical date", "differs by", rows=_run_rows(runs))]
    if len(runs) > 1 and not runs[0].values:
        shown.append(
            Text(
                f"All these runs send the same arguments: no request uses {_DATES} with another value.",
                style="yellow",
            )
        )
    return shown


def _run_rows(runs: Sequence[ScheduledRun]) -> Iterator[tuple[object, ...]]:
    numbered = list(enumerate(runs, 1))
    is_long = len(runs) > _MOST_RUNS
    for number, run in numbered[:_SHOWN_RUNS] if is_long else numbered:
        yield _run_row(number, run)
    if is_long:
        yield "…", f"{len(runs) - 2 * _SHOWN_RUNS:,} more", "all of them with --json"
        for number, run in numbered[-_SHOWN_RUNS:]:
            yield _run_row(number, run)


def _run_row(number: int, run: ScheduledRun) -> tuple[object, ...]:
    return number, run.logical_date.isoformat(), ", ".join(f"{name}={value}" for name, value in run.values.items())


def _used(use: LimitUse) -> str:
    return f"{use.used:,}" if use.limit is None else f"{use.used:,} of {use.limit:,}"

"""`emr-pipelines plan NAME`: what a run would do, without doing any of it. Imports neither Airflow nor boto3, unless S3 is asked for the last published plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer
from rich.text import Text

from emr_pipelines.cli.audit.command import FailOn, has_findings
from emr_pipelines.cli.plan.baseline import difference_against, record_of
from emr_pipelines.cli.plan.dates import ParamOption, refuse_mixed, run_of_date, runs_of_range
from emr_pipelines.cli.plan.report import PlanReport, RunsOfRange, report_json
from emr_pipelines.cli.plan.sections import ALL, SECTIONS, plan_sections
from emr_pipelines.cli.project.options import EnvironmentOption, Project, load_project
from emr_pipelines.cli.project.plans import load_spec
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.catalog.price_data import read_prices
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.plan.cost.estimate import estimate_cost
from emr_pipelines.plan.cost.prices import price_table
from emr_pipelines.plan.security.registry import check_security
from emr_pipelines.plan.sizing_report.cluster_sizing import size_cluster

_IS_UNSAFE = 1
_MOST_HOURS = 100_000
_IS_DIFFERENT = 2

DateOption = Annotated[
    str | None, typer.Option(help="Show the requests of the run with this logical date, YYYY-MM-DD.")
]
FirstOption = Annotated[
    str | None, typer.Option("--from", help="Show the runs of the schedule from this date, YYYY-MM-DD.")
]
LastOption = Annotated[
    str | None, typer.Option("--to", help="With --from: the date at whose midnight the range ends, as in a backfill.")
]
HoursOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=_MOST_HOURS,
        help="Estimate the cost of runs of so many hours; default: the spec's expected_duration.",
    ),
]
FailOnOption = Annotated[
    FailOn | None, typer.Option(help="Exit with 1 for security findings from this severity on that are not suppressed.")
]
AgainstOption = Annotated[
    str | None,
    typer.Option(
        metavar="REV|published", help="Show the difference to a git revision, or to the plan that a run used last."
    ),
]
ExitCodeOption = Annotated[
    bool, typer.Option("--exit-code", help="With --against: exit with 2 when there is a difference.")
]
ShowOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SECTION",
        help=f"Show this section in place of the summary; may be given again: {', '.join(SECTIONS)}, or {ALL}. --json always has all of them.",
    ),
]


def plan_command(
    name: Annotated[str, typer.Argument(help="A pipeline in config/pipelines.")],
    env: EnvironmentOption = None,
    date: DateOption = None,
    first: FirstOption = None,
    last: LastOption = None,
    param: ParamOption = None,
    hours: HoursOption = None,
    against: AgainstOption = None,
    exit_code: ExitCodeOption = False,
    fail_on: FailOnOption = None,
    show: ShowOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON document.")] = False,
) -> None:
    """Show what a run does, before it does it: tasks, cluster, code, requests, limits, sizing, cost, security, and what is different.

    Example: emr-pipelines plan word_clouds --env aws --date 2005-01-01 --show all
    """
    _refuse_unknown(show or [])
    refuse_mixed(date, first, last, param or [])
    if exit_code and against is None:
        raise EmrPipelinesError("--exit-code tells of a difference; add --against REV or --against published")
    project = load_project(env)
    report = _report(project, name, hours)
    plan, record = report.plan, report.record
    if date is not None:
        report = replace(report, run=run_of_date(plan, record, date, param or []))
    if first is not None or last is not None:
        report = _with_runs(project, report, runs_of_range(plan, first, last, param or []), hours)
    if against is not None:
        report = replace(report, difference=difference_against(against, project, record))
    _print(report, show or [], as_json)
    if fail_on is not None and has_findings({name: report.findings}, fail_on.value):
        raise typer.Exit(_IS_UNSAFE)
    if exit_code and report.difference is not None and report.difference.changes:
        raise typer.Exit(_IS_DIFFERENT)


def _report(project: Project, name: str, hours: float | None) -> PlanReport:
    """What is said of every plan, whatever was asked."""
    from emr_pipelines.plan.build import build_plan  # for which --help is not to wait

    loaded = load_spec(project, name)
    plan = build_plan(loaded)
    return PlanReport(
        plan=plan,
        record=record_of(plan, project.root),
        warnings=loaded.warnings,
        sizing=size_cluster(plan),
        cost=estimate_cost(plan, price_table(read_prices(project.root)), hours=hours),
        findings=check_security(plan, today=dt.datetime.now(dt.UTC).date()),
    )


def _with_runs(project: Project, report: PlanReport, runs: RunsOfRange, hours: float | None) -> PlanReport:
    """The report with the runs of a range, and what they cost together."""
    prices = price_table(read_prices(project.root))
    cost = estimate_cost(report.plan, prices, hours=hours, runs=len(runs.runs))
    return replace(report, runs=runs, cost=cost)


def _refuse_unknown(sections: Sequence[str]) -> None:
    for name in sections:
        if name not in (*SECTIONS, ALL):
            raise EmrPipelinesError(f"--show {name!r} is no section of a plan. {suggest(name, SECTIONS, 'sections')}")


def _print(report: PlanReport, sections: Sequence[str], as_json: bool) -> None:
    if as_json:
        print_json(report_json(report))
        return
    console = plain_console()
    previous: object = None
    for shown in plan_sections(report, sections, width=console.width):
        if isinstance(previous, Text) and not isinstance(shown, Text):
            console.print()
        previous = shown
        # A line is left to the terminal to wrap, so that it can be copied whole; a table folds its cells.
        console.print(shown, soft_wrap=isinstance(shown, Text))

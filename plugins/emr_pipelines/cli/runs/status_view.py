"""A run's status as people read it: a small table of its steps, and below it what is too long for one: outputs, counters, reasons, clusters. Reads a report and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Column
from rich.text import Text

from emr_pipelines.cli.terminal.amounts import amount, clock, moment, plural, took
from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.run_records.cluster_reports import ClusterReport
from emr_pipelines.run_records.output_reports import PublishedPlace
from emr_pipelines.run_records.run_report import RunReport, StepReport

STATE_STYLES = {
    "success": "green", "COMPLETED": "green", "running": "yellow", "RUNNING": "yellow", "PENDING": "dim", "-": "dim",
    "failed": "red", "FAILED": "red", "CANCELLED": "red", "INTERRUPTED": "red", "incomplete": "red",
}  # fmt: skip
_PLACE_WORDS = {
    "published": "published",
    "publishing": "is being published",
    "replaced": "not there any more: the place holds the output of",
    "absent": "not published:",
}


def status_view(report: RunReport, *, now: dt.datetime) -> RenderableType:
    """The whole status. `now` ends what still runs."""
    return Group(
        _headline(report),
        *_about(report, now),
        Text(),
        _steps(report, now),
        *_section("Reasons", _reasons(report)),
        *_section("Counters", _counters(report)),
        *_section("Outputs", _outputs(report)),
        *_section("Clusters", _clusters(report)),
    )


def headline(report: RunReport) -> str:
    """The run and its state in one line."""
    run = report.run
    date = f" {run.date}" if run.date else ""
    why = f": {report.why}" if report.why else ""
    return f"{run.pipeline}{date}: {report.state}{why}"


def _headline(report: RunReport) -> Text:
    return Text(headline(report), style=f"bold {STATE_STYLES.get(report.state, '')}".strip(), overflow="fold")


def _about(report: RunReport, now: dt.datetime) -> Iterator[Text]:
    run = report.run
    yield _line(f"  run {run.run_id}, environment {report.environment}")
    if run.params:
        given = ", ".join(f"{name}={value}" for name, value in run.params.items() if value is not None)
        if given:
            yield _line(f"  parameters {given}")
    if report.began is not None:
        yield _line(f"  began {moment(report.began)}, {took(report.began, report.ended or now)}")
    if not report.recorded:
        yield _line("  It left no record (an older version made it): what it should have done is not known")


def _steps(report: RunReport, now: dt.datetime) -> RenderableType:
    columns = (
        Column("Step", overflow="fold"),
        Column("State", no_wrap=True),
        Column("Tries", no_wrap=True, justify="right"),
        Column("Started", no_wrap=True),
        Column("Took", no_wrap=True, justify="right"),
        Column("Files", no_wrap=True, justify="right"),
    )
    return text_table(*columns, rows=[_row(step, now) for step in report.steps], box=None, header_style="bold")


def _row(step: StepReport, now: dt.datetime) -> tuple[str | Text, ...]:
    latest = step.latest
    state = Text(step.state, style=STATE_STYLES.get(step.state, ""))
    files = "" if step.output is None else f"{step.output.files:,}"
    if latest is None:
        return step.name, state, "", "", "", files
    end = now if latest.is_active else latest.ended
    return (
        step.name,
        state,
        str(len(step.attempts)),
        clock(latest.started),
        took(latest.started, end),
        files,
    )


def _reasons(report: RunReport) -> Iterator[str]:
    for step in report.steps:
        if step.reason:
            yield step.reason
    if any(step.reason for step in report.steps):
        yield f"The probable cause: emr-pipelines diagnose {report.run.pipeline}{chosen_by(report)}"


def chosen_by(report: RunReport) -> str:
    """The option that names this run again."""
    return f" --run {report.run.run_id}" if report.recorded else ""


def _counters(report: RunReport) -> Iterator[str]:
    for step in report.steps:
        if step.output is None:
            continue
        shown = [(name, value) for name, value in step.output.counters.items() if not isinstance(value, dict)]
        if shown:
            yield f"{step.name}: {', '.join(f'{name} {amount(value)}' for name, value in shown)}"
        for warning in step.output.warnings:
            yield f"  Warning: {warning}"


def _outputs(report: RunReport) -> Iterator[str]:
    for step in report.steps:
        if step.output is not None:
            yield f"{step.name}: {step.output.prefix}"
        if step.place is not None and (step.output is not None or step.place.state == "publishing"):
            yield f"  {_words_of(step.place)}"


def _words_of(place: PublishedPlace) -> str:
    holder = f" {place.holder}:" if place.holder else ""
    return f"{_PLACE_WORDS[place.state]}{holder} {place.address}"


def _clusters(report: RunReport) -> Iterator[str]:
    for cluster in report.clusters:
        yield f"{cluster.cluster_id}: {cluster.reason}"
        yield f"  {', '.join(_cluster_words(cluster))}"


def _cluster_words(cluster: ClusterReport) -> Iterator[str]:
    if not cluster.is_own:
        yield "serves other runs, too"
    if cluster.created is not None:
        yield f"created {moment(cluster.created)}"
    if cluster.nodes_in_all is not None and cluster.nodes is not None:
        in_all = f" ({cluster.nodes_in_all} in all)" if cluster.nodes_in_all != cluster.nodes else ""
        yield f"{plural(cluster.nodes, 'node')} now{in_all}"
    if cluster.hours is not None:
        yield f"{cluster.hours:.2f} h"
    if cluster.instance_hours:
        yield f"{cluster.instance_hours:,} normalized instance hours"


def _section(title: str, lines: Iterator[str]) -> list[Text]:
    found = list(lines)
    return [Text(f"\n{title}", style="bold"), *(_line(f"  {line}") for line in found)] if found else []


def _line(text: str) -> Text:
    return Text(text, overflow="ignore", no_wrap=True)

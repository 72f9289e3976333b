"""A run's status as people read it: a small table of its steps, and below it what is too long for one: outputs, counters, reasons, clusters. Reads a report and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Column
from rich.text import Text

from emr_pipelines.cli.terminal.amounts import amount, clock, moment, plural, took
from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.run_records.cluster_reports import ClusterReport
from emr_pipelines.run_records.output_reports import PublishedPlace
from emr_pipelines.run_records.run_report import RunReport
from emr_pipelines.run_records.submitted_steps import SubmittedStep

STATE_STYLES = {
    "success": "green", "skipped": "yellow", "COMPLETED": "green", "running": "yellow", "RUNNING": "yellow", "PENDING": "dim", "-": "dim",
    "failed": "red", "FAILED": "red", "CANCELLED": "red", "INTERRUPTED": "red", "incomplete": "red",
}  # fmt: skip
_NUMBERS = ("Try", "Took", "Files")
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
        *([Text(), _steps(report, now)] if report.steps else []),
        *_section("Reasons", _reasons(report)),
        *_section("Counters", _counters(report)),
        *_section("Outputs", _outputs(report)),
        *_section("Clusters", _clusters(report, now)),
    )


def headline(report: RunReport) -> str:
    """The run and its state in one line."""
    run = report.run
    date = f" {run.date}" if run.date else ""
    why = f": {report.why}" if report.why else ""
    return f"{run.pipeline}{date}: {report.state}{why}"


def _headline(report: RunReport) -> Text:
    return _line(headline(report), style=f"bold {STATE_STYLES.get(report.state, '')}".strip())


def _about(report: RunReport, now: dt.datetime) -> Iterator[Text]:
    run = report.run
    yield _line(f"  run {run.run_id}, environment {report.environment}")
    if not run.is_whole:
        yield _line(f"  of single steps: {', '.join(step.name for step in report.steps)}")
    if run.params:
        given = ", ".join(f"{name}={value}" for name, value in run.params.items() if value is not None)
        if given:
            yield _line(f"  parameters {given}")
    if report.began is not None:
        yield _line(f"  began {moment(report.began)}, {took(report.began, report.ended or now)}")
    if not report.recorded:
        yield _line("  It left no record (an older version made it): what it should have done is not known")


def _steps(report: RunReport, now: dt.datetime) -> RenderableType:
    """The steps; what no step of the run has gets no column, so that the table fits a narrow terminal."""
    cells: dict[str, Sequence[str | Text]] = {
        "Step": [step.name for step in report.steps],
        "State": [Text(step.state, style=STATE_STYLES.get(step.state, "")) for step in report.steps],
        "Try": [str(len(step.attempts)) if len(step.attempts) > 1 else "" for step in report.steps],
        "Started": [clock(step.latest.started if step.latest else None) for step in report.steps],
        "Took": [_took(step.latest, now) for step in report.steps],
        "Files": ["" if step.output is None else f"{step.output.files:,}" for step in report.steps],
    }
    shown = {name: column for name, column in cells.items() if name in ("Step", "State") or any(column)}
    columns = (
        Column(name, overflow="fold", no_wrap=name != "Step", justify="right" if name in _NUMBERS else "left")
        for name in shown
    )
    rows = zip(*shown.values(), strict=True)
    return text_table(*columns, rows=rows, box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)


def _took(attempt: SubmittedStep | None, now: dt.datetime) -> str:
    if attempt is None:
        return ""
    return took(attempt.started, now if attempt.is_active else attempt.ended)


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


def _clusters(report: RunReport, now: dt.datetime) -> Iterator[str]:
    for cluster in report.clusters:
        yield f"{cluster.cluster_id}: {cluster.reason}"
        yield f"  {', '.join(_cluster_words(cluster, now))}"


def _cluster_words(cluster: ClusterReport, now: dt.datetime) -> Iterator[str]:
    if not cluster.is_own:
        yield "serves other runs, too"
    if cluster.created is not None:
        yield f"created {moment(cluster.created)}"
    if cluster.nodes_in_all is not None and cluster.nodes is not None:
        in_all = f" ({cluster.nodes_in_all} in all)" if cluster.nodes_in_all != cluster.nodes else ""
        yield f"{plural(cluster.nodes, 'node')} now{in_all}"
    if cluster.created is not None:
        yield f"{'lived' if cluster.ended else 'lives for'} {took(cluster.created, cluster.ended or now)}"
    if cluster.instance_hours:
        yield f"{cluster.instance_hours:,} normalized instance hours"


def _section(title: str, lines: Iterator[str]) -> list[Text]:
    found = list(lines)
    return [Text(f"\n{title}", style="bold"), *(_line(f"  {line}") for line in found)] if found else []


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, overflow="ignore", no_wrap=True)

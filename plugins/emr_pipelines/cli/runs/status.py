"""`emr-pipelines status`: one run, its steps, outputs and clusters; with --watch until it ends."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from emr_pipelines.cli.project.options import EnvironmentOption
from emr_pipelines.cli.runs.run_options import (
    DateOption,
    JsonOption,
    RunArgument,
    RunOption,
    RunReader,
    YearOption,
    run_filter,
    run_reader,
)
from emr_pipelines.cli.runs.status_view import headline, status_view
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.cli.terminal.stop_signals import StoppedBySignal, exit_code, stoppable
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.run_records.report_data import report_data
from emr_pipelines.run_records.run_choice import ChosenRun
from emr_pipelines.run_records.run_report import RunReport

_PAUSE_SECONDS = 2.0
# EMR refuses an account that asks more often than some times a second; a run's status costs five calls and more.
_PAUSE_SECONDS_ON_AWS = 15.0
_RED = frozenset({"failed", "incomplete"})


def status_command(
    run: RunArgument,
    date: DateOption = None,
    year: YearOption = None,
    run_id: RunOption = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it until the run has ended; Ctrl-C ends the watching.")
    ] = False,
    env: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a run: its steps with state, attempts and outputs, and its cluster. Exits with 1 when the run failed.

    Example: emr-pipelines status word_clouds --date 2005-01-01
    """
    if watch and as_json:
        raise EmrPipelinesError("--watch shows a table for people, --json one document; keep one of them")
    which = run_filter(date, year, run_id)
    with run_reader(env, "status") as reader:
        chosen = reader.choose(run, which)
        report = _watch(reader, chosen) if watch else reader.report(chosen)
    if as_json:
        print_json(report_data(report))
    elif not watch:
        _show(plain_console(highlight=False), report)
    raise typer.Exit(1 if report.state in _RED else 0)


def _show(console: Console, report: RunReport) -> None:
    console.print(status_view(report, now=dt.datetime.now(dt.UTC)), soft_wrap=True)


def _watch(reader: RunReader, chosen: ChosenRun) -> RunReport:
    """Show the run until it is over. Ends with the signal's code when somebody ends the watching, which changes nothing of the run."""
    console = plain_console(highlight=False)
    follow = _follow_on_terminal if console.is_terminal else _follow_in_lines
    try:
        with stoppable():
            return follow(console, lambda: reader.report(chosen), _pause_of(reader))
    except StoppedBySignal as stop:
        console.print("No longer watched; the run goes on as it was.", soft_wrap=True)
        raise typer.Exit(exit_code(stop.number)) from None


def _pause_of(reader: RunReader) -> float:
    return _PAUSE_SECONDS_ON_AWS if reader.endpoint is None else _PAUSE_SECONDS


def _follow_on_terminal(console: Console, look: Callable[[], RunReport], pause: float) -> RunReport:
    report = look()
    looked = time.monotonic()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while not report.is_over:
            live.update(status_view(report, now=dt.datetime.now(dt.UTC)), refresh=True)
            time.sleep(min(1.0, pause))
            if time.monotonic() - looked >= pause:
                report, looked = look(), time.monotonic()
    _show(console, report)
    return report


def _follow_in_lines(console: Console, look: Callable[[], RunReport], pause: float) -> RunReport:
    """A line for each change, and the whole status at the end."""
    said: set[str] = set()
    while True:
        report = look()
        lines = [headline(report), *(f"{step.name}: {step.state}" for step in report.steps if step.attempts)]
        for line in lines:
            if line not in said:
                console.print(line, soft_wrap=True)
        said = said | set(lines)
        if report.is_over:
            break
        time.sleep(pause)
    console.print()
    _show(console, report)
    return report

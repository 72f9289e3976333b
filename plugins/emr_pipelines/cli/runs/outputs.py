"""`emr-pipelines outputs`: what each step of a run has left: prefix, files, bytes, published place; on this machine the files' real paths."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.filesize import decimal

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
from emr_pipelines.cli.runs.status_view import headline
from emr_pipelines.cli.terminal.amounts import plural
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.run_records.output_reports import DataFile, data_files
from emr_pipelines.run_records.run_report import RunReport, StepReport

_SHOWN_FILES = 10


def outputs_command(
    run: RunArgument,
    date: DateOption = None,
    year: YearOption = None,
    run_id: RunOption = None,
    env: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the verified outputs of a run, and where they are published. Exits with 1 when there is none.

    Example: emr-pipelines outputs word_clouds --year 2005
    """
    with run_reader(env, "outputs") as reader:
        report = reader.report(reader.choose(run, run_filter(date, year, run_id)))
        found = [(step, _places(reader, step)) for step in report.steps if step.output is not None]
    if as_json:
        print_json([_data(reader, step, places) for step, places in found])
    else:
        _tell(plain_console(highlight=False), reader, report, found)
    raise typer.Exit(0 if found else 1)


def _places(reader: RunReader, step: StepReport) -> list[tuple[str, tuple[DataFile, ...]]]:
    """The output's prefix, and the place where it is published, each with its files."""
    addresses = [] if step.output is None else [step.output.prefix]
    if step.place is not None and step.place.state == "published":
        addresses.append(step.place.address)
    return [(address, data_files(reader.sources.s3, address)) for address in addresses]


def _data(reader: RunReader, step: StepReport, places: list[tuple[str, tuple[DataFile, ...]]]) -> dict[str, Any]:
    return {
        "step": step.name,
        "published": None if step.place is None else asdict(step.place),
        "places": [
            {
                "address": address,
                "path": None if (path := reader.local_path(address)) is None else str(path),
                "bytes": sum(file.size for file in files),
                "files": [asdict(file) for file in files],
            }
            for address, files in places
        ],
    }


def _tell(
    console: Console,
    reader: RunReader,
    report: RunReport,
    found: list[tuple[StepReport, list[tuple[str, tuple[DataFile, ...]]]]],
) -> None:
    console.print(headline(report), style="bold", soft_wrap=True)
    if not found:
        console.print("No step of it has a verified output.", soft_wrap=True)
    for step, places in found:
        console.print(f"\n{step.name}", style="bold", soft_wrap=True)
        for number, (address, files) in enumerate(places):
            kind = "published " if number else ""
            size = decimal(sum(file.size for file in files))
            console.print(f"  {kind}{address} ({plural(len(files), 'file')}, {size})", soft_wrap=True)
        last, files = places[-1]
        for line in _file_lines(reader.local_path(last), files):
            console.print(f"    {line}", soft_wrap=True)
        if step.place is not None and step.place.state == "replaced":
            console.print(f"  {step.place.address} holds the output of {step.place.holder} by now", soft_wrap=True)


def _file_lines(folder: Path | None, files: tuple[DataFile, ...]) -> list[str]:
    """The files by their paths on this machine, or their names below the prefix; the first ones of many."""
    lines = [f"{file.name if folder is None else _shown(folder / file.name)}  {decimal(file.size)}" for file in files]
    more = len(lines) - _SHOWN_FILES
    return lines if more <= 0 else [*lines[:_SHOWN_FILES], f"… and {more:,} more (--json lists all)"]


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    own = path.resolve()
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)

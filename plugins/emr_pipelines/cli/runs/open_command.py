"""`emr-pipelines open`: shows a run's picture or page, a step's output, its log or its cluster in a browser; without a display it prints the address."""

from __future__ import annotations

import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from emr_pipelines.cli.project.options import EnvironmentOption
from emr_pipelines.cli.runs.run_options import (
    DateOption,
    RunOption,
    RunReader,
    StepArgument,
    StepRunArgument,
    YearOption,
    run_filter,
    run_reader,
)
from emr_pipelines.cli.runs.step_choice import choose_step
from emr_pipelines.emr.console_addresses import object_page
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.run_records.addresses import page_of_cluster, result_page, step_page
from emr_pipelines.run_records.run_report import RunReport
from emr_pipelines.run_records.step_logs import find_logs, first_with_text, log_places
from emr_pipelines.run_records.submitted_steps import SubmittedStep


def open_command(
    run: StepRunArgument,
    step: StepArgument = None,
    date: DateOption = None,
    year: YearOption = None,
    run_id: RunOption = None,
    log: Annotated[bool, typer.Option("--log", help="The step's log.")] = False,
    cluster: Annotated[bool, typer.Option("--cluster", help="The cluster's page in AWS's console.")] = False,
    only_print: Annotated[bool, typer.Option("--print", help="Only print the address.")] = False,
    env: EnvironmentOption = None,
) -> None:
    """Open what a run has published, or a step's output or log, in a browser; on AWS the pages of its console.

    Example: emr-pipelines open word_clouds --year 2005
    """
    if log and cluster:
        raise EmrPipelinesError("--log and --cluster open two pages; keep one of them")
    with run_reader(env, "open") as reader:
        report, found, attempt = choose_step(reader, run, step, run_filter(date, year, run_id))
        _refuse_far_endpoint(reader)
        local_path = None if reader.endpoint is None else reader.endpoint.local_path
        if cluster:
            address = page_of_cluster(reader.sources, report, is_local=local_path is not None)
        elif log:
            address = _log_page(reader, report, attempt)
        elif found is not None:
            address = step_page(reader.sources, found, local_path)
        else:
            address = result_page(reader.sources, report, local_path)
    typer.echo(address)
    if not only_print and _has_display() and not webbrowser.open(address):
        raise EmrPipelinesError("No browser could be started; open the address above yourself")


def _refuse_far_endpoint(reader: RunReader) -> None:
    """An endpoint of somebody's own has no console, and its files are not of this machine."""
    url = reader.project.environment.connection.endpoint_url
    if url is not None and reader.endpoint is None:
        raise EmrPipelinesError(
            f"{url} is neither AWS nor on this machine, so there is no page to open; emr-pipelines outputs lists what a run has left"
        )


def _log_page(reader: RunReader, report: RunReport, attempt: SubmittedStep | None) -> str:
    """The page of the first log of the step that says anything; on this machine an unzipped copy, since a browser shows no gzip."""
    if attempt is None:
        names = ", ".join(step.name for step in report.steps)
        raise EmrPipelinesError(f"--log opens the log of a step that was submitted; name one: {names}")
    sources = reader.sources
    places = log_places(sources, attempt.handle.cluster_id)
    logs = [
        log
        for stream in ("stderr", "stdout", "controller")
        for log in find_logs(sources, places, attempt.handle, stream)
    ]
    found = first_with_text(sources.s3, logs)
    if found is None:
        raise EmrPipelinesError(
            f"Step {attempt.name} ({attempt.handle.step_id}) has no log on S3 yet, where EMR copies it every few minutes: {logs[0].address}"
        )
    if reader.endpoint is None:
        return object_page(sources.region, found.address)
    text, _ = found.read(sources.s3) or ("", 0)
    file = Path(tempfile.mkdtemp(prefix="emr-pipelines-")) / f"{attempt.name}-{found.name}.txt"
    file.write_text(text, encoding="utf-8")
    return file.as_uri()


def _has_display() -> bool:
    """Whether a browser with a window can be shown: a text browser would take the terminal."""
    if sys.platform in ("darwin", "win32") or os.environ.get("BROWSER"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))

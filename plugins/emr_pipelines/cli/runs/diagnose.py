"""`emr-pipelines diagnose`: why a run or a step failed, in the words in which its task tells it, with the part of the log that shows it."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console

from emr_pipelines.cli.project.options import EnvironmentOption
from emr_pipelines.cli.runs.run_options import (
    DateOption,
    JsonOption,
    RunOption,
    RunReader,
    StepArgument,
    StepRunArgument,
    YearOption,
    run_filter,
    run_reader,
)
from emr_pipelines.cli.runs.status_view import headline
from emr_pipelines.cli.runs.step_choice import choose_step
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.cli.terminal.log_tails import telling_tails
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.pipeline_spec.project_files.project import ProjectFiles
from emr_pipelines.run_records.failures import Diagnosis, FoundFailure
from emr_pipelines.run_records.run_report import RunReport, StepReport
from emr_pipelines.run_records.submitted_steps import SubmittedStep


def diagnose_command(
    run: StepRunArgument,
    step: StepArgument = None,
    date: DateOption = None,
    year: YearOption = None,
    run_id: RunOption = None,
    env: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a run failed: the probable cause, what shows it, and the command that shows the whole log. Exits with 1 when something failed.

    Example: emr-pipelines diagnose word_clouds --date 2005-01-01
    """
    with run_reader(env, "diagnose") as reader:
        report, found, attempt = choose_step(reader, run, step, run_filter(date, year, run_id))
        failures = _failures(reader, report, found, attempt)
    if as_json:
        print_json({"state": report.state, "why": report.why, "failures": [_data(one) for one in failures]})
    else:
        _tell(plain_console(highlight=False), report, failures)
    raise typer.Exit(1 if failures else 0)


def _failures(
    reader: RunReader, report: RunReport, step: StepReport | None, attempt: SubmittedStep | None
) -> list[FoundFailure]:
    diagnosis = Diagnosis(
        sources=reader.sources,
        patience_seconds=seconds_of(reader.project.environment.log_patience) if not report.is_over else 0.0,
        own_names=ProjectFiles(reader.project.root).code_names,
    )
    if step is None:
        return diagnosis.of_run(report)
    if attempt is not None and attempt != step.latest:
        # Somebody asks for an attempt that a later one has made good.
        return [] if attempt.is_active or attempt.state == "COMPLETED" else [diagnosis.of_attempt(attempt)]
    return diagnosis.of_step(step)


def _data(found: FoundFailure) -> dict[str, Any]:
    told = found.told
    return {
        "subject": found.subject,
        "step": found.step,
        "step_id": found.step_id,
        "cluster_id": found.cluster_id,
        "cause": told.cause,
        "said": told.said,
        "words": told.words,
        "command": told.command,
        "tails": told.tails,
    }


def _tell(console: Console, report: RunReport, failures: list[FoundFailure]) -> None:
    console.print(headline(report), style="bold", soft_wrap=True)
    if not failures:
        console.print("Nothing that EMR or S3 tells of has failed.", soft_wrap=True)
    for found in failures:
        told = found.told
        console.print(f"\n{found.subject[:1].upper()}{found.subject[1:]}", style="bold red", soft_wrap=True)
        console.print(told.cause or told.said, style="red", soft_wrap=True)
        if told.cause is not None:
            console.print(told.said, soft_wrap=True)
        for heading, lines in telling_tails(told.tails):
            console.print(f"\n{heading}", style="bold", soft_wrap=True)
            console.print("\n".join(lines), soft_wrap=True)
        console.print()
        if told.command is not None:
            console.print(told.command, soft_wrap=True)
        if found.step is not None:
            again = f"emr-pipelines run {report.run.pipeline} {_option_from(report, found.step)}{_same_date(report)}"
            console.print(f"Run it again after a change: {again}", soft_wrap=True)


def _option_from(report: RunReport, step: str) -> str:
    """The failed step alone where nothing comes after it; else with what comes after it, which did not run."""
    return f"--step {step}" if step == report.steps[-1].name else f"--from-step {step}"


def _same_date(report: RunReport) -> str:
    return f" --date {report.run.date}" if report.run.date else ""

"""`emr-pipelines logs`: the text of a step's log, from S3 or from this machine, and where it lies; with --follow as it grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from emr_pipelines.cli.project.options import EnvironmentOption
from emr_pipelines.cli.runs.log_following import absent_words, follow_log, say_place, tail_of
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
from emr_pipelines.cli.runs.step_choice import choose_step
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.run_records.run_choice import RunFilter
from emr_pipelines.run_records.step_logs import StepLog, Stream, find_logs, first_with_text, log_places
from emr_pipelines.run_records.submitted_steps import SubmittedStep

_SHOWN_BY_DEFAULT: tuple[Stream, ...] = ("stderr", "stdout", "controller")


def logs_command(
    run: StepRunArgument,
    step: StepArgument = None,
    date: DateOption = None,
    year: YearOption = None,
    run_id: RunOption = None,
    stdout: Annotated[bool, typer.Option("--stdout", help="What the step printed.")] = False,
    stderr: Annotated[bool, typer.Option("--stderr", help="What it complained of.")] = False,
    controller: Annotated[bool, typer.Option("--controller", help="EMR's own log of the step.")] = False,
    driver: Annotated[bool, typer.Option("--driver", help="The Spark driver's, where it ran in the cluster.")] = False,
    executor: Annotated[bool, typer.Option("--executor", help="Those of some executors.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the step has ended; Ctrl-C ends it.")] = False,
    lines: Annotated[int | None, typer.Option(min=1, help="Only the last lines; default: the last MiB.")] = None,
    env: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a step's log; without an option its stderr, else its stdout. Where it lies is said on stderr.

    Example: emr-pipelines logs word_clouds count_words --lines 50
    """
    asked = {"stdout": stdout, "stderr": stderr, "controller": controller, "driver": driver, "executor": executor}
    streams = _streams([name for name, wanted in asked.items() if wanted])
    if follow and (as_json or streams[0] in ("driver", "executor")):
        raise EmrPipelinesError(
            "--follow prints a log that grows as text: --stdout, --stderr or --controller, without --json"
        )
    with run_reader(env, "logs") as reader:
        attempt = _attempt(reader, run, step, run_filter(date, year, run_id))
        if follow:
            follow_log(reader, attempt, streams[0], lines)
            return
        logs = _logs_with_text(reader, attempt, streams)
        texts = [(log, tail_of((log.read(reader.sources.s3) or ("", 0))[0], lines)) for log in logs]
        _tell(reader, texts, as_json=as_json)


def _streams(asked: Sequence[str]) -> tuple[Stream, ...]:
    """The kinds of log to look at, in order; the first with a text is shown."""
    if len(asked) > 1:
        raise EmrPipelinesError(f"--{asked[0]} and --{asked[1]} are two logs; keep one of them")
    return tuple(name for name in ("stderr", "stdout", "controller", "driver", "executor") if name in asked) or (
        _SHOWN_BY_DEFAULT
    )


def _attempt(reader: RunReader, run: str, step: str | None, which: RunFilter) -> SubmittedStep:
    """The attempt whose log is meant. Raises EmrPipelinesError where only a run is named, and for a step that was not submitted."""
    report, found, attempt = choose_step(reader, run, step, which)
    if found is None:
        names = ", ".join(one.name for one in report.steps)
        raise EmrPipelinesError(f"Name the step, too: emr-pipelines logs {run} STEP. The steps are: {names}")
    if attempt is None:
        raise EmrPipelinesError(
            f"Step {found.name} was not submitted in the run {report.run.run_id} ({report.state}: {report.why or 'no more is known'}), so it has no log"
        )
    return attempt


def _logs_with_text(reader: RunReader, attempt: SubmittedStep, streams: Sequence[Stream]) -> list[StepLog]:
    """The logs to show. Raises EmrPipelinesError when none is there yet."""
    sources = reader.sources
    places = log_places(sources, attempt.handle.cluster_id)
    found = [log for stream in streams for log in find_logs(sources, places, attempt.handle, stream)]
    if len(streams) == 1 and streams[0] in ("driver", "executor"):
        if not found:
            what = "log of an executor" if streams[0] == "executor" else "log of a driver in the cluster"
            raise EmrPipelinesError(absent_words(attempt, what, places.address(places.cluster_prefix)))
        return found
    first = first_with_text(sources.s3, found)
    if first is not None:
        return [first]
    there = next((log for log in found if log.read(sources.s3) is not None), None)
    if there is None:
        raise EmrPipelinesError(absent_words(attempt, found[0].name, found[0].address))
    return [there]


def _tell(reader: RunReader, texts: Sequence[tuple[StepLog, str]], *, as_json: bool) -> None:
    if as_json:
        s3 = reader.sources.s3
        print_json(
            [
                {"log": log.name, "address": log.address, "file": _text_of(log.file(s3)), "text": text}
                for log, text in texts
            ]
        )
        return
    errors = plain_console(stderr=True, highlight=False)
    for log, text in texts:
        say_place(reader, log, errors, empty=not text.strip())
        typer.echo(text, nl=bool(text) and not text.endswith("\n"))


def _text_of(value: object) -> str | None:
    return None if value is None else str(value)

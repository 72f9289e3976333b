"""A log that grows: printed as EMR copies it to S3, until its step has ended. And the words about a log that is not there."""

from __future__ import annotations

import time
from dataclasses import dataclass

import typer
from rich.console import Console

from emr_pipelines.cli.runs.run_options import RunReader
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.stop_signals import StoppedBySignal, exit_code, stoppable
from emr_pipelines.emr.emr_api import TERMINAL_STEP_STATES
from emr_pipelines.emr.steps import describe_step
from emr_pipelines.run_records.step_logs import StepLog, Stream, find_logs, log_places
from emr_pipelines.run_records.submitted_steps import SubmittedStep

_PAUSE_SECONDS = 1.0
_PAUSE_SECONDS_ON_AWS = 30.0
# EMR copies the logs once more after a step's end: for how long that is waited. emr_local does so before the end.
_LAST_COPY_SECONDS = 0.0
_LAST_COPY_SECONDS_ON_AWS = 330.0


@dataclass(slots=True)
class _GrowingLog:
    """A log and how many of its bytes were printed."""

    log: StepLog
    position: int = 0

    def print_new(self, reader: RunReader, lines: int | None) -> bool:
        """Print what has come since the last time, of the first text only the last `lines`; whether the log is there."""
        found = self.log.read(reader.sources.s3, self.position)
        if found is None:
            return False
        text, total = found
        if total > self.position:
            typer.echo(tail_of(text, lines if self.position == 0 else None), nl=False)
            self.position = total
        return True


def follow_log(reader: RunReader, attempt: SubmittedStep, stream: Stream, lines: int | None) -> None:
    """Print what the log has, and what it gets until the step has ended and EMR has copied it for the last time. Ends with the signal's code when somebody ends it."""
    try:
        with stoppable():
            _follow(reader, attempt, stream, lines)
    except StoppedBySignal as stop:
        raise typer.Exit(exit_code(stop.number)) from None


def _follow(reader: RunReader, attempt: SubmittedStep, stream: Stream, lines: int | None) -> None:
    sources, errors = reader.sources, plain_console(stderr=True, highlight=False)
    pause, patience = _PAUSE_SECONDS, _LAST_COPY_SECONDS
    if reader.endpoint is None:
        pause, patience = _PAUSE_SECONDS_ON_AWS, _LAST_COPY_SECONDS_ON_AWS
    (log,) = find_logs(sources, log_places(sources, attempt.handle.cluster_id), attempt.handle, stream)
    growing, said, ended_at = _GrowingLog(log), False, 0.0
    while True:
        # Asked before the log is read: what is there after the end is all that will come, but for EMR's last copy.
        state = describe_step(sources.api, attempt.handle)["Status"]["State"]
        if not said and log.is_there(sources.s3):
            say_place(reader, log, errors)
        elif not said:
            errors.print(absent_words(attempt, log.name, log.address), style="dim", soft_wrap=True)
        said = True
        growing.print_new(reader, lines)
        if state in TERMINAL_STEP_STATES:
            ended_at = ended_at or time.monotonic()
            if time.monotonic() - ended_at >= patience:
                errors.print(f"step {attempt.name} ({attempt.handle.step_id}) is {state}", style="dim", soft_wrap=True)
                return
        time.sleep(pause)


def absent_words(attempt: SubmittedStep, what: str, address: str) -> str:
    """What to tell somebody who asks for a log that is not there."""
    when = f"step {attempt.name} ({attempt.handle.step_id}) is {attempt.state}"
    if attempt.is_active:
        return f"There is no {what} yet: {when}, and EMR copies logs to S3 every few minutes. Wait with --follow; it will be at {address}"
    return (
        f"There is no {what}: {when}. EMR copies the last logs up to five minutes after the end, and a step that never started has none; "
        f"looked for at {address}"
    )


def tail_of(text: str, lines: int | None) -> str:
    """The last lines of a text; all of it where no number is given."""
    return text if lines is None else "".join(text.splitlines(keepends=True)[-lines:])


def say_place(reader: RunReader, log: StepLog, errors: Console, *, empty: bool = False) -> None:
    """Say where a log lies, apart from its text."""
    there = log.file(reader.sources.s3) if log.is_there(reader.sources.s3) else None
    errors.print(f"{log.name}{' (empty)' if empty else ''}: {there or log.address}", style="dim", soft_wrap=True)

"""Whether a command gave what the README promises: its exit code, its words, its files. Looks at files; runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.fresh.expectations import Run
from tests.fresh.terminal import Finished

TRACEBACK = "Traceback (most recent call last)"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def faults_of(run: Run, finished: Finished, project: Path, since: float) -> list[str]:
    """Everything that is not as promised."""
    return [*faults_of_output(run, finished), *faults_of_files(run.makes, project, since)]


def faults_of_output(run: Run, finished: Finished) -> Iterator[str]:
    """Exit code and words. How a line was wrapped makes no difference."""
    if finished.exit_code is None:
        yield f"did not end within {finished.seconds:.0f} s"
    elif finished.exit_code != run.exit_code:
        yield f"ended with {finished.exit_code} instead of {run.exit_code}"
    said = one_line(finished.output)
    yield from (f"does not say {text!r}" for text in run.says if one_line(text) not in said)
    if TRACEBACK in finished.output:
        yield "shows a traceback"


def one_line(text: str) -> str:
    """The text without its escapes for colours, and with single blanks."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def faults_of_files(patterns: Iterable[str], project: Path, since: float) -> Iterator[str]:
    """Each pattern must name a file that is newer than the command's beginning; a picture must be one."""
    for pattern in patterns:
        files = [file for file in project.glob(pattern) if file.stat().st_mtime >= since]
        if not files:
            yield f"made no new {pattern}"
        yield from (
            f"{file.relative_to(project)} is no picture"
            for file in files
            if file.suffix == ".png" and not file.read_bytes().startswith(PNG_SIGNATURE)
        )

"""A step's four log files: written while it runs, gzipped under the cluster's LogUri then and at its end, read for the cause of a failure."""

from __future__ import annotations

import gzip
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

from emr_local.objects.paths import UnstorableKeyError
from emr_local.objects.store import ObjectStore
from emr_local.runners.contract import StepOutcome

NAMES = ("controller", "syslog", "stdout", "stderr")
_TAIL_BYTES = 256 * 1024
_MESSAGE_LENGTH = 1000
_EXCEPTION = re.compile(
    r"(?:Caused by: |Error: |: )?((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Exit|Interrupt|Fault)\b(?::.*)?)$"
)
# Say only that a streaming program failed; the last line before them is the program's own. Tasks that fail at once write theirs in turns.
_WRAPPERS = re.compile(r"Task Id : |.*PipeMapRed\.")
# What Spark logs on its way, which is never why a program ended.
_LOGGED = re.compile(
    r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d (?:TRACE|DEBUG|INFO|WARN) |log4j:|Setting default log level|To adjust logging level"
)
_OUTPUT_EXISTS = re.compile(r"FileAlreadyExistsException|PATH_ALREADY_EXISTS|Output directory \S+ already exists")


class StepLogs:
    """The log files of one step."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            self.path(name).write_bytes(b"")

    def path(self, name: str) -> Path:
        """Name one of the log files."""
        return self._directory / name

    def sizes(self) -> tuple[int, ...]:
        """How many bytes each of them has by now."""
        return tuple(self.path(name).stat().st_size for name in NAMES)

    def note(self, text: str) -> None:
        """Write a line to the controller log."""
        with self.path("controller").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} INFO {text}\n")

    def complain(self, text: str) -> None:
        """Write a line to the step's stderr."""
        with self.path("stderr").open("a", encoding="utf-8") as log:
            log.write(f"{text}\n")

    def prepend(self, name: str, content: bytes) -> None:
        """Put what a JVM wrote meanwhile before what the step's own process wrote."""
        if content:
            own = self.path(name).read_bytes()
            self.path(name).write_bytes(content + own)

    def publish(
        self, objects: ObjectStore, log_uri: str | None, key_prefix: str, names: tuple[str, ...] = NAMES
    ) -> str | None:
        """Gzip the logs under `<log_uri>/<key_prefix>/` and give that prefix; None if the cluster keeps no logs or the bucket is gone."""
        if log_uri is None:
            return None
        prefix = f"{log_uri.rstrip('/')}/{key_prefix}"
        bucket, _, key = prefix.partition("://")[2].partition("/")
        try:
            stored = [
                objects.put(bucket, f"{key}/{name}.gz", gzip.compress(self.path(name).read_bytes())) for name in names
            ]
        except UnstorableKeyError as problem:
            self.note(f"the logs were not copied to {prefix}: {problem}")
            return None
        return prefix if all(stored) else None

    def explain(self, exit_code: int, log_prefix: str | None) -> StepOutcome:
        """Give the outcome of a process that ended with this code, with the cause that its stderr shows.

        Where spark-submit starts the driver, what a script writes to its stderr is in stdout.
        """
        if exit_code == 0:
            return StepOutcome(exit_code=0)
        tail = self._read_tail("stderr")
        return StepOutcome(
            exit_code=exit_code,
            reason="Output directory already exists." if _OUTPUT_EXISTS.search(tail) else "Unknown Error.",
            message=(
                _explain_signal(exit_code)
                or _last_exception(tail)
                or _last_exception(self._read_tail("stdout"))
                or _last_line(tail)
                or f"The step's process ended with exit code {exit_code}."
            )[:_MESSAGE_LENGTH],
            log_file=f"{log_prefix}/stderr.gz" if log_prefix else None,
        )

    def _read_tail(self, name: str) -> str:
        with self.path(name).open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - _TAIL_BYTES))
            return log.read().decode("utf-8", "replace")


def _last_exception(tail: str) -> str | None:
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    for number, line in reversed([*enumerate(lines)]):
        match = _EXCEPTION.match(line)
        if match:
            before = next((each for each in reversed(lines[:number]) if not _WRAPPERS.match(each)), "")
            own = _EXCEPTION.match(before) if _WRAPPERS.match(line) else None
            return (own or match).group(1)
    return None


def _last_line(tail: str) -> str | None:
    return next(
        (line.strip() for line in reversed(tail.splitlines()) if line.strip() and not _LOGGED.match(line.strip())), None
    )


def _explain_signal(exit_code: int) -> str | None:
    number = -exit_code if exit_code < 0 else exit_code - 128  # a shell reports its child's signal N as 128 + N
    if number not in set(signal.Signals):
        return None
    hint = (
        " Often the machine ran out of memory: give the step less data or less memory."
        if number == signal.SIGKILL
        else ""
    )
    return f"The step's process was ended by {signal.Signals(number).name} (signal {number}).{hint}"

"""The process that makes a run in Airflow: its events as they come, and its end when somebody wants one. Knows no plan and shows nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from select import select
from typing import IO, Any, Self

from emr_pipelines.cli.terminal.stop_signals import handling

_PAUSE_SECONDS = 0.2
_CHUNK_BYTES = 65_536


class AirflowProcess:
    """`python -m emr_pipelines.dag.in_process.inline_run` for a DAG file, with its words in `log_file`; the stamp says which Airflow the database is for.

    It is started when this is entered, imports Airflow meanwhile, and begins a run when its events are asked for. Left before that, it has run nothing.
    `stopped_by` is the first signal that came while its events were read.
    """

    def __init__(self, dag_file: Path, database_stamp: Path, variables: Mapping[str, str], log_file: Path) -> None:
        self.stopped_by: int | None = None
        self.log_file = log_file
        self._arguments = [str(dag_file), "--database-stamp", str(database_stamp)]
        self._variables = variables
        self._begun = False

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        command = [
            sys.executable,
            "-m",
            "emr_pipelines.dag.in_process.inline_run",
            *self._arguments,
            "--events",
            str(writing),
        ]
        self._told = os.fdopen(reading, "rb", buffering=0)
        # A session of its own: Ctrl-C reaches this process only, which then interrupts the run once.
        with self.log_file.open("w") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                env=self._variables,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[writing],
                start_new_session=True,
            )
        os.close(writing)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        if not self._begun:
            self._process.terminate()  # while it prepares Airflow's database it finishes that first
        self._process.wait()
        self._told.close()

    def events(self, order: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Begin the run that these arguments describe; what it tells, until its process has ended; `{"interrupted": signal number}` when it was told to stop.

        The first SIGINT, SIGTERM or SIGHUP has the run cancel what it does and terminate its cluster; the second ends its process at once.
        """
        with handling(self._stop, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            try:
                self._begin(order)
                yield from self._follow(self._told)
            except BaseException:
                self._stop(signal.SIGINT)  # nobody reads on, so nobody would end the run
                raise

    def _begin(self, order: Sequence[str]) -> None:
        self._begun = True
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it has failed; its log says why
                self._process.stdin.write(json.dumps(list(order)).encode() + b"\n")
                self._process.stdin.flush()

    def _follow(self, told: IO[bytes]) -> Iterator[dict[str, Any]]:
        rest, stopping = b"", False
        while (chunk := _read(told)) != b"":
            *lines, rest = (rest + (chunk or b"")).split(b"\n")
            yield from map(json.loads, lines)
            if self.stopped_by is not None and not stopping:
                stopping = True
                yield {"interrupted": self.stopped_by}

    def _stop(self, number: int) -> None:
        again = self.stopped_by is not None
        self.stopped_by = self.stopped_by or number
        if again:
            self._kill()
        else:
            self._process.send_signal(signal.SIGINT)

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _read(told: IO[bytes]) -> bytes | None:
    """The next bytes, none at the end, None after a pause: the kernel may hand a signal to another thread, which does not wake one that waits for bytes."""
    ready, _, _ = select([told], [], [], _PAUSE_SECONDS)
    return told.read(_CHUNK_BYTES) if ready else None

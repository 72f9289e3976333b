"""Runs a mapper, combiner or reducer command over lines, as Hadoop's PipeMapRed does: its own directory, environment, counters and errors."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator
from typing import IO

from emr_local.runners.streaming.counters import Counters
from emr_local.runners.streaming.places import TaskPlace
from emr_local.runners.streaming.records import split_lines

_WORD = re.compile(r"""'([^']*)(?:'|$)|"([^"]*)(?:"|$)|([^ '"]+)""")
_BUFFER = 128 * 1024  # Hadoop's: a program that stops reading is noticed when so much is pending
_NOT_FOUND = "No such file or directory"


def split_command(command: str) -> list[str]:
    """Cut a command into words as Hadoop does: blanks and quotes end a word, there is no escape and no empty word."""
    return [word for match in _WORD.finditer(command) if (word := match[1] or match[2] or match[3])]


def run_program(command: str, lines: Iterable[bytes], place: TaskPlace, counters: Counters) -> Iterator[bytes]:
    """Feed lines (with their ends) to a command and give the lines of its output (without); raise TaskFailedError if it fails."""
    process = _start(command, place)
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("the program was started without pipes")
    feeder = _Feeder(process.stdin, lines)
    errors = threading.Thread(target=_follow_errors, args=(process.stderr, place, counters), daemon=True)
    feeder.start()
    errors.start()
    try:
        yield from split_lines(process.stdout)
        code = process.wait()
        feeder.join()
        errors.join()
    finally:
        _end(process)
    feeder.raise_own_problem()
    if code and place.failure_by_exit_code:
        shown = 128 - code if code < 0 else code  # Java tells a signal as a shell does
        raise place.fail(
            f"java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code {shown}"
        )
    if feeder.cut_off:
        raise place.fail("java.io.IOException: Broken pipe")


class _Feeder(threading.Thread):
    """Writes a program's input beside the reading of its output."""

    def __init__(self, stdin: IO[bytes], lines: Iterable[bytes]) -> None:
        super().__init__(daemon=True)
        self._stdin = stdin
        self._lines = lines
        self._problem: Exception | None = None
        self.cut_off = False  # the program stopped reading while there was more to come

    def run(self) -> None:
        """Write all lines; what goes wrong is kept for the task's own thread."""
        try:
            self._write_all()
        except BrokenPipeError:
            self.cut_off = True
        except Exception as problem:
            self._problem = problem
        finally:
            _close_quietly(self._stdin)

    def raise_own_problem(self) -> None:
        """Raise what went wrong with the input itself."""
        if self._problem:
            raise self._problem

    def _write_all(self) -> None:
        pending = bytearray()
        for line in self._lines:
            pending += line
            if len(pending) >= _BUFFER:
                self._stdin.write(pending)
                self._stdin.flush()
                pending.clear()
        try:
            self._stdin.write(pending)
            self._stdin.flush()
        except BrokenPipeError:
            return  # the program needed no more; Hadoop bears with it at the end of the input


def _close_quietly(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        return  # the same at the end of a program that has ended


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:  # only when the task itself is given up
        process.send_signal(signal.SIGKILL)
        process.wait()


def _start(command: str, place: TaskPlace) -> subprocess.Popen[bytes]:
    words = split_command(command)
    program = _find_program(words[0], place)
    try:
        return _open_process([program, *words[1:]], place)
    except OSError as problem:
        if problem.errno == errno.ENOEXEC:  # no #! line: Java has the shell run it
            return _open_process(["/bin/sh", program, *words[1:]], place)
        reason = _NOT_FOUND if problem.errno == errno.ENOENT else problem.strerror
        raise place.fail(
            "java.lang.RuntimeException: Error in configuring object\n"
            "Caused by: java.lang.RuntimeException: configuration exception\n"
            f'Caused by: java.io.IOException: Cannot run program "{program}": error={problem.errno}, {reason}'
        ) from problem


def _open_process(words: list[str], place: TaskPlace) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words,
        cwd=place.directory,
        env=dict(place.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _find_program(name: str, place: TaskPlace) -> str:
    """Look a relative name up in the task's directory, then in PATH; a name that is nowhere is left for the start to complain of."""
    if os.path.isabs(name):
        return name
    own = place.directory / name
    if own.is_file():
        return str(own)
    return shutil.which(name, path=place.environment.get("PATH", os.defpath)) or name


def _follow_errors(stderr: IO[bytes], place: TaskPlace, counters: Counters) -> None:
    """Take reporter lines out of a program's stderr and pass the rest on."""
    prefix = place.environment.get("stream_stderr_reporter_prefix", "reporter:").encode()
    for line in stderr:
        if not line.startswith(prefix):
            place.pass_on(line if line.endswith(b"\n") else line + b"\n")
        elif problem := counters.take_report(line.removeprefix(prefix)):
            place.complain(f"WARN streaming.PipeMapRed: {problem}: {line.decode(errors='replace').strip()}")

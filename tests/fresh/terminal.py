"""Commands as a person types them, one after the other in one terminal: what a command exports holds for the next. What runs beside them has a terminal of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.kills.process_tree import family, running_processes, title

# Runs the command in this shell and leaves behind what it exported.
TYPED = '{command}\nlast_code=$?\nenv -0 > "$EXPORTS"\nexit $last_code\n'
COMMAND_SECONDS = 600.0
INTERRUPT_SECONDS = 150.0  # `make ui` gives Airflow 60 s, and emr_local 15
NAP_SECONDS = 0.3
OF_THE_SHELL = {"EXPORTS", "PWD", "OLDPWD", "SHLVL", "_"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that has ended, or was ended because it took too long; then it has no exit code."""

    exit_code: int | None
    output: str
    seconds: float


class Terminal:
    """A shell in a folder, with the variables that its commands have left."""

    def __init__(self, folder: Path, environment: Mapping[str, str], scratch: Path) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self._exports = scratch / "exports"
        self._output = scratch / "output"

    def run(self, command: str, *, typed_in: str = "") -> Finished:
        """Run a command to its end; `typed_in` answers what it asks."""
        began = time.monotonic()
        with self._output.open("wb") as output:
            shell = self._start(TYPED.format(command=command), output.fileno())
            try:
                shell.communicate(typed_in.encode(), timeout=COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                shell.wait()
        seconds, too_long = time.monotonic() - began, shell.returncode == -signal.SIGKILL
        self._keep_exports()
        text = self._output.read_text(errors="replace")
        return Finished(exit_code=None if too_long else shell.returncode, output=text, seconds=seconds)

    def start(self, command: str, log: Path) -> Started:
        """Start a command in another terminal, with the variables of this one."""
        with log.open("wb") as output:
            return Started(self._start(command, output.fileno()), log)

    def _start(self, script: str, output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["/bin/bash", "-c", script],
            cwd=self.folder,
            env={**self.environment, "EXPORTS": str(self._exports)},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _keep_exports(self) -> None:
        with suppress(FileNotFoundError):
            pairs = [line.partition("=") for line in self._exports.read_text().split("\0") if line]
            self.environment = {name: value for name, _, value in pairs if name not in OF_THE_SHELL}
            self._exports.unlink()


class Started:
    """A command in the foreground of another terminal."""

    def __init__(self, shell: subprocess.Popen[bytes], log: Path) -> None:
        self._shell = shell
        self._log = log
        self._began = time.monotonic()

    @property
    def runs(self) -> bool:
        """Whether it has not ended by itself."""
        return self._shell.poll() is None

    @property
    def output(self) -> str:
        """What it has printed."""
        return self._log.read_text(errors="replace")

    def wait(self) -> Finished:
        """Until it ends by itself."""
        with suppress(subprocess.TimeoutExpired):
            self._shell.wait(COMMAND_SECONDS)
        if self.runs:
            self.interrupt()
            return Finished(exit_code=None, output=self.output, seconds=time.monotonic() - self._began)
        return Finished(exit_code=self._shell.returncode, output=self.output, seconds=time.monotonic() - self._began)

    def interrupt(self) -> list[str]:
        """Ctrl-C. Returns the titles of what is still running long after it, and ends that, too."""
        started = {process.pid for process in family(self._shell.pid)}
        with suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGINT)
        deadline = time.monotonic() + INTERRUPT_SECONDS
        while time.monotonic() < deadline and (self.runs or started & running_processes().keys()):
            time.sleep(NAP_SECONDS)
        left = {pid: title(pid) for pid in started & running_processes().keys()}
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._shell.wait()
        return list(left.values())


def end_processes_in(folder: Path) -> list[str]:
    """End every process that works in the folder or names it in its command line; returns their titles."""
    found = {pid: title(pid) for pid in running_processes() if works_in(pid, folder)}
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return list(found.values())


def works_in(pid: int, folder: Path) -> bool:
    """Whether the process belongs to the folder. Airflow's processes show titles of their own in place of their command lines."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink().is_relative_to(folder) or str(folder) in title(pid)
    except OSError:
        return False  # it is gone, or somebody else's

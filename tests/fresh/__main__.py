"""`make test-fresh`: every command of the README and of docs/how-to/commands.md, as it is written and in the order of the pages, on a machine that has nothing of this project. Exits with 1 when one does not give what the page promises."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.fresh.expectations import EXPECTED, LeftOut, Run, Server
from tests.fresh.fresh_machine import FreshMachine
from tests.fresh.installed_packages import compare_packages
from tests.fresh.readme_commands import Command, all_commands
from tests.fresh.running_servers import RunningServer
from tests.fresh.terminal import Finished, Terminal, end_processes_in
from tests.fresh.verdicts import faults_of

PORTS = (5566, 8080)  # as the page writes them
TAIL_LINES = 30
RETRY_NAP_S = 2.0


class Walk:
    """The page from top to bottom, in one terminal, with a table of what became of each command."""

    def __init__(self, machine: FreshMachine, scratch: Path) -> None:
        self._terminal = Terminal(machine.project, machine.environment(), scratch)
        self._scratch = scratch
        self._server: RunningServer | None = None
        self._beside: Callable[[], None] | None = None
        self.failed = 0

    def take(self, commands: Sequence[Command]) -> None:
        """Run all commands; one that fails does not keep the next from being tried."""
        self._report("no `java` on PATH", *self._timed(self._find_java))
        try:
            for place, command in enumerate(commands):
                self._take(command)
                if place == 0:
                    self._report(
                        "packages: those of requirements.txt and no other",
                        *self._timed(lambda: compare_packages(self._terminal)),
                    )
        finally:
            if self._server is not None:
                self._stop_server()

    def _take(self, command: Command) -> None:
        beside, self._beside = self._beside, None
        match EXPECTED[command.text]:
            case LeftOut(reason=reason):
                print_row("", "left out", f"{command.text}   ({reason})")
            case Server() as server:
                self._start_server(command.text, server)
            case runs:
                for run in runs:
                    self._run(command, run)
        if beside is not None:
            beside()
        if self._server is not None and self._server.expected.until == command.text:
            self._stop_server()

    def _run(self, command: Command, run: Run) -> None:
        typed = run.typed or run.form or command.forms[0]
        if run.before:
            self._terminal.run(run.before)
        began, since = time.monotonic(), time.time()
        if run.beside_the_next:
            started = self._terminal.start(typed, self._new_log())
            self._beside = lambda: self._judge(typed, run, started.wait(), since)
            return
        while True:
            finished = self._terminal.run(typed, typed_in=run.typed_in)
            faults = faults_of(run, finished, self._terminal.folder, since)
            if not faults or time.monotonic() - began > run.again_for_s:
                break
            time.sleep(RETRY_NAP_S)
        self._judge(typed, run, finished, since)

    def _judge(self, typed: str, run: Run, finished: Finished, since: float) -> None:
        faults = faults_of(run, finished, self._terminal.folder, since)
        if run.shows and (shown := self._terminal.run(run.shows)).exit_code != 0:
            faults.append(f"after it, `{run.shows}` ends with {shown.exit_code}:\n{shown.output}")
        if run.makes_later and self._server is not None:
            self._server.promise(typed, run.makes_later, since)
        self._report(typed, faults, finished.seconds, finished.output)

    def _start_server(self, command: str, expected: Server) -> None:
        began = time.monotonic()
        self._server = RunningServer(command, expected, self._terminal.start(command, self._new_log()))
        self._report(command, self._server.wait_until_ready(), time.monotonic() - began, self._server.output)

    def _stop_server(self) -> None:
        server, self._server = self._server, None
        assert server is not None
        if server.expected.runs_dags:
            faults, seconds = self._timed(lambda: server.wait_for_runs(self._terminal.folder))
            self._report(f"the runs that `{server.command}` was given", faults, seconds, server.output)
        faults, seconds = self._timed(server.stop)
        self._report(f"Ctrl-C in `{server.command}`", faults, seconds, server.output)

    def _new_log(self) -> Path:
        return self._scratch / f"terminal-{time.monotonic_ns()}.log"

    def _find_java(self) -> list[str]:
        found = self._terminal.run("command -v java; printenv JAVA_HOME; ls -A ~")
        return [f"there is {found.output!r}"] if found.output else []

    @staticmethod
    def _timed(look: Callable[[], list[str]]) -> tuple[list[str], float]:
        began = time.monotonic()
        return look(), time.monotonic() - began

    def _report(self, what: str, faults: list[str], seconds: float, output: str = "") -> None:
        print_row(f"{seconds:.1f}", "FAILED" if faults else "ok", what)
        if faults:
            self.failed += 1
            tail = output.splitlines()[-TAIL_LINES:]
            sys.stdout.writelines(f"    {line}\n" for line in [*faults, "its output ends with:", *tail])


def print_row(seconds: str, verdict: str, what: str) -> None:
    """A line of the table."""
    sys.stdout.write(f"{seconds:>8}  {verdict:<8}  {what}\n")
    sys.stdout.flush()


def refuse_unknown_commands(commands: Sequence[Command]) -> None:
    """The page and the table of expectations name the same commands."""
    texts = {command.text for command in commands}
    if texts != EXPECTED.keys():
        sys.exit(
            f"On the pages without an entry in tests/fresh/expectations.py: {sorted(texts - EXPECTED.keys())}; "
            f"with an entry and on no page: {sorted(EXPECTED.keys() - texts)}"
        )


def refuse_taken_ports() -> None:
    """The page names its ports, so nothing else may answer there."""
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                sys.exit(
                    f"Port {port} of this machine, which the pages' commands use: {error.strerror}. Stop what listens there"
                )


def main() -> int:
    """Make the machine, walk the page, remove the machine."""
    # What was started in the background ignores Ctrl-C, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    commands = all_commands()
    refuse_unknown_commands(commands)
    refuse_taken_ports()
    folder = Path(tempfile.mkdtemp(prefix="emr-pipelines-fresh-"))
    began = time.monotonic()
    left: list[str] = []
    try:
        machine = FreshMachine(folder)
        machine.clone()
        aws_cli = Path(sys.executable).parent / "aws"
        machine.lay_out_commands(aws_cli if aws_cli.exists() else None)
        walk = Walk(machine, folder)
        print_row("seconds", "verdict", f"command, in {machine.project}")
        walk.take(commands)
    finally:
        left = end_processes_in(folder)
        if "KEEP" not in os.environ:
            with suppress(OSError):
                shutil.rmtree(folder)
    for title in left:
        sys.stdout.write(f"Left running, and ended: {title}\n")
    sys.stdout.write(f"{len(commands)} commands in {time.monotonic() - began:.0f} s, {walk.failed} failed\n")
    return 1 if walk.failed or left else 0


if __name__ == "__main__":
    sys.exit(main())

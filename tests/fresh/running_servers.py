"""A server of the README while it runs: asked over HTTP as a browser would, given time to end the runs that it was given, and stopped with Ctrl-C."""

from __future__ import annotations

import re
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.fresh.expectations import AIRFLOW, Server
from tests.fresh.terminal import Started
from tests.fresh.verdicts import faults_of_files
from tests.kills.airflow_rest import AirflowRest

READY_SECONDS = 180.0
RUNS_SECONDS = 600.0
NAP_SECONDS = 1.0
DAG = "word_clouds"


class RunningServer:
    """One of the page's servers."""

    def __init__(self, command: str, expected: Server, process: Started) -> None:
        self.command = command
        self.expected = expected
        self._process = process
        self._promises: list[tuple[str, Sequence[str], float]] = []

    @property
    def output(self) -> str:
        """What it has printed."""
        return self._process.output

    def wait_until_ready(self) -> list[str]:
        """Until every page says what it must; else what is missing."""
        deadline = time.monotonic() + READY_SECONDS
        while (missing := self._missing_pages()) and self._process.runs and time.monotonic() < deadline:
            time.sleep(NAP_SECONDS)
        return missing

    def _missing_pages(self) -> list[str]:
        return [f"{url} does not say {pattern}" for url, pattern in self.expected.pages if not says(url, pattern)]

    def promise(self, command: str, patterns: Sequence[str], since: float) -> None:
        """Remember the files that a command will have led to when the runs have ended."""
        self._promises.append((command, patterns, since))

    def wait_for_runs(self, project: Path) -> list[str]:
        """Until no run is under way and every promised file is there; else what is missing, and runs that did not succeed."""
        rest = AirflowRest(AIRFLOW)
        deadline = time.monotonic() + RUNS_SECONDS
        while True:
            try:
                states = rest.run_states(DAG)
            except OSError as error:
                return [f"Airflow does not answer: {error}"]
            missing = [
                f"`{command}` {fault}"
                for command, patterns, since in self._promises
                for fault in faults_of_files(patterns, project, since)
            ]
            under_way = [run for run, state in states.items() if state in ("queued", "running")]
            if not (missing or under_way) or "failed" in states.values() or time.monotonic() > deadline:
                return [*missing, *(f"{run} is {state}" for run, state in states.items() if state != "success")]
            time.sleep(NAP_SECONDS)

    def stop(self) -> list[str]:
        """Ctrl-C, after which nothing of it may be left."""
        if not self._process.runs:
            return ["ended by itself"]
        return [f"left running: {title}" for title in self._process.interrupt()]


def says(url: str, pattern: str) -> bool:
    """Whether a page answers with such a text."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return re.search(pattern, answer.read().decode(errors="replace")) is not None
    except OSError:
        return False

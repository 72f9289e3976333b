"""A pytest plugin that says where the tests' CPU goes: by kind of process, by file and by test, with the processes that each test started.

`make test-profile` uses it. The CPU of a process that lives for many tests, as a server does, is counted for the test in which it was spent.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

_SAMPLE_SECONDS = 0.25
_SHOWN = 25
# What a command line holds → the kind of process; the first that fits counts.
_KINDS = {
    "pyspark-shell": "JVM, warm",
    "org.apache.spark.deploy.SparkSubmit": "JVM, spark-submit",
    "/java": "JVM, other",
    "warm_child.py": "PySpark script",
    "pyspark.daemon": "Spark's Python workers",
    "emr_local": "emr_local",
    "inline_run": "run of a DAG",
    "airflow": "airflow",
    "emr_pipelines": "emr-pipelines",
}


@dataclass(slots=True)
class _Usage:
    """CPU seconds so far of this process and all below it."""

    total: float = 0.0
    started: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    seen: dict[tuple[int, float], tuple[str, float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sample(self) -> None:
        me = psutil.Process()
        with self.lock:
            for process in (me, *me.children(recursive=True)):
                try:
                    self._take(process, me.pid)
                except psutil.Error:
                    continue  # it has ended

    def _take(self, process: psutil.Process, own_pid: int) -> None:
        times = process.cpu_times()
        key, spent = (process.pid, process.create_time()), times.user + times.system
        kind, before = self.seen.get(key, ("", 0.0))
        if kind in ("", "other"):  # a fork has its parent's command line until it runs another program
            self.started += kind == ""
            kind = "pytest" if process.pid == own_pid else _kind_of(" ".join(process.cmdline()))
        self.seen[key] = (kind, spent)
        self.by_kind[kind] += spent - before
        self.total += spent - before


def _kind_of(command: str) -> str:
    return next((kind for part, kind in _KINDS.items() if part in command), "other")


_usage = _Usage()
_tests: list[tuple[str, float, float, int]] = []


def pytest_configure(config: pytest.Config) -> None:
    """Forget an earlier profile, and start to look in each process that runs tests."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(_folder(config), ignore_errors=True)
        if config.getoption("numprocesses", None):
            return

    def look() -> None:
        while True:
            _usage.sample()
            time.sleep(_SAMPLE_SECONDS)

    threading.Thread(target=look, daemon=True).start()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure one test with its fixtures."""
    _usage.sample()
    cpu, clock, started = _usage.total, time.monotonic(), _usage.started
    yield
    _usage.sample()
    _tests.append((item.nodeid, _usage.total - cpu, time.monotonic() - clock, _usage.started - started))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave what a worker has measured where the first process finds it."""
    if _tests:
        folder = _folder(session.config)
        folder.mkdir(parents=True, exist_ok=True)
        measured = {"tests": _tests, "by_kind": _usage.by_kind}
        (folder / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.json").write_text(json.dumps(measured))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The tables."""
    measured = [json.loads(file.read_text()) for file in sorted(_folder(config).glob("*.json"))]
    tests = [tuple(test) for each in measured for test in each["tests"]]
    by_kind: Counter[str] = sum((Counter(each["by_kind"]) for each in measured), Counter())
    by_file: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for name, *figures in tests:
        by_file[name.partition("::")[0]] = [
            a + b for a, b in zip(by_file[name.partition("::")[0]], figures, strict=True)
        ]
    write = terminalreporter.write_line
    write(f"CPU by kind of process (s), {by_kind.total():.0f} in all")
    for kind, cpu in by_kind.most_common():
        write(f"{cpu:8.1f}  {kind}")
    for title, rows in (("file", [(name, *figures) for name, figures in by_file.items()]), ("test", tests)):
        write(f"CPU s  seconds  processes  {title}")
        for name, cpu, seconds, started in sorted(rows, key=lambda row: -row[1])[:_SHOWN]:
            write(f"{cpu:5.1f}  {seconds:7.1f}  {started:9.0f}  {name}")


def _folder(config: pytest.Config) -> Path:
    return config.rootpath / ".pytest_cache" / "cost_profile"

"""The process of a run before its run begins: Ctrl-C ends it without a traceback, and never in the middle of Airflow's database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from emr_pipelines.dag.in_process.inline_run import _held_back
from tests.conftest import REPOSITORY

SLOW_AIRFLOW = "import time\nprint('importing', flush=True)\ntime.sleep(600)\n"


def test_ctrl_c_during_the_imports_ends_it_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").write_text(SLOW_AIRFLOW)
    variables = {**os.environ, "PYTHONPATH": f"{tmp_path}:{REPOSITORY / 'plugins'}"}
    command = [
        sys.executable,
        "-m",
        "emr_pipelines.dag.in_process.inline_run",
        "dag.py",
        "--events",
        "1",
        "--database-stamp",
        "x",
    ]
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
    assert (process.returncode, said) == (130, "")


def test_signals_come_after_what_they_must_not_cut() -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: received.append(number))
    try:
        with _held_back(signal.SIGUSR1):
            signal.raise_signal(signal.SIGUSR1)
            assert received == []
        assert received == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, before)

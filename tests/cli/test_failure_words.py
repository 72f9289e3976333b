"""How `emr-pipelines run` ends after a failure: the sentence, the script's traceback, the log and how to read it, each once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.cli.run.ending import tell_end
from emr_pipelines.cli.run.finished_run import FinishedRun
from emr_pipelines.cli.run.progress import RunProgress
from emr_pipelines.cli.terminal.console import plain_console

LOG = "s3://logs/logs/j-1/steps/s-1/stderr.gz"
ERROR = f"ValueError: no such year (job.py:3). Step s-1 (one [k:1.1]) is FAILED: Unknown Error. (log: {LOG})"
NOISE = ["26/11/20 02:11:10 WARN NativeCodeLoader: Unable to load native-hadoop library"]
TRACEBACK = ["Traceback (most recent call last):", '  File "job.py", line 3, in <module>', "ValueError: no such year"]


def ending(tmp_path: Path, lines: list[str], *, terminal: bool = False) -> str:
    shown = io.StringIO()
    console = plain_console(file=shown, force_terminal=terminal, width=400, no_color=True)
    progress = RunProgress(["one.wait"], console)
    event: dict[str, Any] = {"task": "one.wait", "state": "failed", "time": 1.0, "error": ERROR}
    progress.follow([{**event, "tails": {"stderr": lines}}, {"run": "manual__1", "state": "failed"}])
    log_file = tmp_path / "run.log"
    log_file.write_text("")
    run = FinishedRun(progress=progress, log_file=log_file, tails=progress.tails)
    plan: Any = None  # what a failed run tells needs none
    assert tell_end(run, plan, None, console, seconds=1.0) == 1
    return shown.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_failure_is_told_once(tmp_path: Path, terminal: bool) -> None:
    text = ending(tmp_path, [*NOISE, *TRACEBACK], terminal=terminal)
    assert text.count("is FAILED") == 1
    assert text.count("Traceback (most recent call last):") == 1
    assert "NativeCodeLoader" not in text
    order = [text.index(words) for words in (ERROR, "The traceback in stderr:", "The whole log: ")]
    assert order == sorted(order)


def test_without_a_traceback_the_end_of_the_log_is_shown(tmp_path: Path) -> None:
    text = ending(tmp_path, [*NOISE, "the partner is closed"])
    assert "The last 2 lines of stderr:" in text
    assert "the partner is closed" in text

"""What the progress of a run shows: why it could not begin, on a terminal too; and what takes long, elsewhere."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from emr_pipelines.cli.run.ending import tell_end
from emr_pipelines.cli.run.finished_run import FinishedRun
from emr_pipelines.cli.run.progress import RunProgress
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.plan.model import Plan


@pytest.mark.parametrize("terminal", [True, False])
def test_a_problem_before_the_first_task_is_said_once(terminal: bool) -> None:
    shown = io.StringIO()
    progress = RunProgress(["publish_code"], plain_console(file=shown, force_terminal=terminal, width=200))
    progress.follow([{"problem": "Airflow's database could not be prepared: the disk is full"}])
    assert shown.getvalue().count("the disk is full") == 1
    assert progress.problem is not None


def test_a_task_that_takes_long_is_told_of_where_no_table_moves() -> None:
    shown = io.StringIO()
    progress = RunProgress(["one.wait"], plain_console(file=shown))
    with progress.showing():
        progress.take({"task": "one.wait", "state": "running", "time": time.time() - 5})
        deadline = time.monotonic() + 60
        while "so far" not in shown.getvalue() and time.monotonic() < deadline:
            time.sleep(0.05)
    assert shown.getvalue().count("one.wait: running") == 1
    assert " s so far" in shown.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_place_is_printed_as_it_is(terminal: bool) -> None:
    """In the table of the tasks, and among the outputs."""
    shown = io.StringIO()
    console = plain_console(file=shown, force_terminal=terminal, no_color=True, width=200)
    progress = RunProgress(["one.wait"], console)
    place = "s3://lake/[red]x/[/]/:key:/"
    progress.follow(
        [
            {"task": "one.wait", "state": "running", "time": 1.0},
            {"task": "one.wait", "state": "success", "time": 2.0, "published": place},
            {"run": "manual__1", "state": "success"},
        ]
    )
    ended = FinishedRun(progress=progress, log_file=Path("run.log"))
    plan = cast(Plan, SimpleNamespace(name="one", steps=[SimpleNamespace(name="one")]))
    assert tell_end(ended, plan, None, console, seconds=1.0) == 0
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.getvalue()).splitlines()]
    assert place in lines
    assert any(line.startswith("one.wait") and line.endswith(place) for line in lines) == terminal

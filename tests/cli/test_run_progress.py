"""What the progress of a run shows: why it could not begin, on a terminal too; and what takes long, elsewhere."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from emr_pipelines.cli.run.progress import RunProgress


@pytest.mark.parametrize("terminal", [True, False])
def test_a_problem_before_the_first_task_is_said_once(terminal: bool) -> None:
    shown = io.StringIO()
    progress = RunProgress(["publish_code"], Console(file=shown, force_terminal=terminal, width=200))
    progress.follow([{"problem": "Airflow's database could not be prepared: the disk is full"}])
    assert shown.getvalue().count("the disk is full") == 1
    assert progress.problem is not None


def test_a_task_that_takes_long_is_told_of_where_no_table_moves() -> None:
    shown = io.StringIO()
    progress = RunProgress(["one.wait"], Console(file=shown))
    with progress.showing():
        progress.take({"task": "one.wait", "state": "running", "time": time.time() - 5})
        deadline = time.monotonic() + 60
        while "so far" not in shown.getvalue() and time.monotonic() < deadline:
            time.sleep(0.05)
    assert shown.getvalue().count("one.wait: running") == 1
    assert " s so far" in shown.getvalue()

"""Long work shows progress: at once on a terminal, as lines elsewhere, and not so many that a log of an hour cannot be read."""

from __future__ import annotations

import io
import itertools
import time

from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.waiting import is_time_to_tell, show_waiting


def test_lines_come_after_two_seconds_then_each_second_then_rarely() -> None:
    told = [seconds for seconds in range(3600) if is_time_to_tell(seconds)]
    assert told[:3] == [2, 3, 4]
    assert len(told) < 300
    assert max(after - before for before, after in itertools.pairwise(told)) <= 15


def test_what_takes_long_is_told_with_its_words() -> None:
    told = io.StringIO()
    with show_waiting("making data", plain_console(file=told)):
        deadline = time.monotonic() + 60
        while "making data" not in told.getvalue() and time.monotonic() < deadline:
            time.sleep(0.05)
    assert "making data: 2 s" in told.getvalue()


def test_what_is_quick_is_not_told() -> None:
    told = io.StringIO()
    with show_waiting("making data", plain_console(file=told)):
        pass
    assert told.getvalue() == ""


def test_a_terminal_shows_the_words_at_once() -> None:
    told = io.StringIO()
    with show_waiting("making data", plain_console(file=told, force_terminal=True)):
        pass
    assert "making data" in told.getvalue()

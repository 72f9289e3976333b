"""A backfill's progress as people see it: one live table on a terminal, a line for each change elsewhere. Asks nothing of Airflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Column
from rich.text import Text

from emr_pipelines.airflow_api.backfill_outcome import FailureWords
from emr_pipelines.airflow_api.backfill_watch import BackfillProgress, DateProgress, State
from emr_pipelines.airflow_api.runs import TaskFailure
from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.plan.runs.backfill_choice import label_of

_STYLES: dict[State, str] = {"success": "green", "failed": "red", "running": "yellow", "not made": "red"}
# Lines of a terminal that the table leaves for its header, its sums and the prompt.
_OTHER_LINES = 5
_LEAST_ROWS = 5
_MINUTE, _HOUR = 60, 3600


class ProgressView:
    """Shows each look at a backfill; entered and left around all of them."""

    def __init__(self, console: Console, failures: FailureWords) -> None:
        self._console = console
        self._failures = failures
        self._live: Live | None = None
        self._told: dict[dt.datetime, State] = {}

    def __enter__(self) -> ProgressView:
        """On a terminal the table stands where the cursor is."""
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the last table where it is."""
        if self._live is not None:
            self._live.__exit__(None, None, None)

    def show(self, progress: BackfillProgress) -> None:
        """Show how it is now."""
        now = dt.datetime.now(dt.UTC)
        if self._live is not None:
            errors = {date.date: self._failures.of(date) for date in progress.dates}
            self._live.update(progress_table(progress, errors, now, rows=self._rows()), refresh=True)
            return
        for date in progress.dates:
            if self._told.get(date.date) != date.state:
                self._told[date.date] = date.state
                self._tell(progress, date, now)

    def _rows(self) -> int:
        return max(_LEAST_ROWS, self._console.height - _OTHER_LINES)

    def _tell(self, progress: BackfillProgress, date: DateProgress, now: dt.datetime) -> None:
        if date.state in ("queued", "waiting"):
            return
        told = sum(one.is_over and self._told.get(one.date) == one.state for one in progress.dates)
        count = f" ({told} of {len(progress.dates)} over)" if date.is_over else ""
        self._console.print(f"{label_of(date.date)}: {_state_words(date, now)}{count}", soft_wrap=True, highlight=False)
        for failure in self._failures.of(date):
            self._console.print(f"    {failure_words(failure)}", soft_wrap=True, highlight=False)


def progress_table(
    progress: BackfillProgress, errors: dict[dt.datetime, tuple[TaskFailure, ...]], now: dt.datetime, *, rows: int
) -> Group:
    """All dates, each in a row, and their sums below. Of more dates than there are rows for, those that people look for."""
    shown = _choose_rows(progress.dates, rows)
    cells = [
        (
            label_of(date.date),
            Text(date.state, style=_STYLES.get(date.state, "dim")),
            time_words(date.seconds(now)),
            Text(_what_now(date, errors.get(date.date, ())), no_wrap=True, overflow="ellipsis"),
        )
        for date in shown
    ]
    labels, states, times = ([str(row[number]) for row in cells] for number in range(3))
    columns = (
        _whole_column("Run", labels),
        _whole_column("State", states),
        _whole_column("Time", times, justify="right"),
        # The one that gives way; its cells, not the column, are lines that are cut: rich takes no width from columns that do not wrap.
        Column("Now"),
    )
    table = text_table(*columns, rows=cells, box=None, header_style="bold")
    hidden = len(progress.dates) - len(shown)
    more = [Text(f"… and {hidden} more", style="dim")] if hidden else []
    return Group(table, *more, Text(sum_words(progress)))


def _whole_column(header: str, cells: Sequence[str], **look: Any) -> Column:
    """A column that gives nothing of its width to others."""
    return Column(header, no_wrap=True, min_width=max(map(len, [header, *cells])), **look)


def sum_words(progress: BackfillProgress) -> str:
    """How many runs are over, and how many are in each state."""
    counts = ", ".join(f"{count} {state}" for state, count in progress.counts().items())
    done = sum(date.is_over for date in progress.dates)
    return f"{done} of {len(progress.dates)} over: {counts}"


def failure_words(failure: TaskFailure) -> str:
    """What failed and why; a task whose log cannot be read has no words."""
    if not failure.task_id:
        return failure.error
    return f"{failure.task_id} failed: {failure.error or 'its log, which Airflow keeps, says why'}"


def time_words(seconds: float | None) -> str:
    """A time as people read it."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def _state_words(date: DateProgress, now: dt.datetime) -> str:
    if date.was_before:
        return f"{date.state} before this backfill, left as it is"
    seconds = date.seconds(now)
    return f"{date.state} after {time_words(seconds)}" if date.is_over and seconds is not None else date.state


def _what_now(date: DateProgress, failures: Sequence[TaskFailure]) -> str:
    """What is to be known of a row: what runs, why it failed, or that it is no run of this backfill."""
    if date.was_before:
        return "before this backfill, left as it is"
    if failures:
        return " ".join(failure_words(failures[0]).split())
    return ", ".join(date.tasks)


def _choose_rows(dates: Sequence[DateProgress], rows: int) -> list[DateProgress]:
    """What runs and what failed, then what is next, then the latest of the others, in their order."""
    if len(dates) <= rows:
        return list(dates)
    ranks = {"running": 0, "failed": 1, "not made": 1, "queued": 2, "waiting": 2, "success": 3}
    last = len(dates)
    by_need = sorted(
        range(last), key=lambda number: (ranks[dates[number].state], last - number if dates[number].is_over else number)
    )
    return [dates[number] for number in sorted(by_need[:rows])]

"""The live table as it looks, at the widths of small, usual and wide terminals."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.airflow_api.backfill_watch import BackfillProgress, judge
from emr_pipelines.airflow_api.backfills import Backfill
from emr_pipelines.airflow_api.runs import DagRun, TaskFailure
from emr_pipelines.cli.backfill.progress_view import progress_table, time_words
from emr_pipelines.cli.terminal.console import plain_console
from tests.goldens import LIVE_TABLES

MADE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
NOW = MADE + dt.timedelta(hours=2)
WIDTHS = {f".{width}.txt": width for width in (60, 80, 120)}


def run_of(date: dt.datetime, told: dict[str, Any]) -> DagRun:
    """The run of a case; one that is over ended now, one of before began a day earlier."""
    seconds = dt.timedelta(seconds=told.get("seconds", 0))
    ended = NOW - dt.timedelta(days=1) if told.get("before") else NOW
    over = told["state"] in ("success", "failed")
    return DagRun(
        run_id=told["date"],
        logical_date=date,
        state=told["state"],
        started=ended - seconds,
        ended=ended if over else None,
    )


def read_case(case: Path) -> tuple[BackfillProgress, dict[dt.datetime, tuple[TaskFailure, ...]], int]:
    told = json.loads(case.read_text())
    dates = {dt.datetime.fromisoformat(one["date"]).replace(tzinfo=dt.UTC): one for one in told["dates"]}
    backfill = Backfill(
        backfill_id=1,
        dag_id="yearly",
        first=min(dates),
        last=max(dates),
        max_active_runs=4,
        reprocess="none",
        is_paused=False,
        created=MADE,
        completed=MADE if told.get("cancelled") else None,
    )
    runs = {date: run_of(date, one) for date, one in dates.items() if "state" in one}
    tasks = {one["date"]: one["tasks"] for one in dates.values() if "tasks" in one}
    failures = {
        date: (TaskFailure(task_id="count.wait", error=one["error"]),) for date, one in dates.items() if "error" in one
    }
    return judge(backfill, tuple(dates), runs, tasks), failures, told.get("rows", 20)


@pytest.mark.parametrize("ending", WIDTHS)
@pytest.mark.parametrize("case", LIVE_TABLES.cases, ids=LIVE_TABLES.names)
def test_the_table_looks_so(case: Path, ending: str) -> None:
    progress, failures, rows = read_case(case)
    text = io.StringIO()
    plain_console(file=text, width=WIDTHS[ending]).print(progress_table(progress, failures, NOW, rows=rows))
    shown = "\n".join(line.rstrip() for line in text.getvalue().splitlines())
    LIVE_TABLES.check(case, ending, f"{shown}\n")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (90_000, "25 h 00 min"),
    ],
)
def test_a_time_is_said_as_people_read_it(seconds: float | None, words: str) -> None:
    assert time_words(seconds) == words

"""A backfill as it goes on: what has become of each of its dates, until all are over. Shows nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Literal

from emr_pipelines.airflow_api.api_calls import AirflowApi
from emr_pipelines.airflow_api.backfills import Backfill, read_backfill
from emr_pipelines.airflow_api.runs import DagRun, list_runs, running_tasks

State = Literal["waiting", "queued", "running", "success", "failed", "not made"]
# In the order in which people want to know of them.
STATES: tuple[State, ...] = ("success", "failed", "running", "queued", "waiting", "not made")
# Who has just said yes wants to see it begin.
_FIRST_PAUSES = (0.5, 0.5, 1.0)
_PAUSE_SECONDS = 2.0
_OVER = frozenset({"success", "failed", "not made"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DateProgress:
    """One logical date: its run, if there is one, and the tasks of it that run now. `was_before`: the run was over before the backfill, which leaves it alone."""

    date: dt.datetime
    state: State
    run: DagRun | None = None
    tasks: tuple[str, ...] = ()
    was_before: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state in _OVER

    def seconds(self, now: dt.datetime) -> float | None:
        """How long the run has gone on so far, or went on; None before it runs, and where nobody wrote down when it ended."""
        if self.run is None or self.run.started is None or self.state == "queued":
            return None
        if self.is_over and self.run.ended is None:
            return None
        return max(0.0, ((self.run.ended or now) - self.run.started).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillProgress:
    """All dates of a backfill, in their order."""

    backfill: Backfill
    dates: tuple[DateProgress, ...]

    @property
    def is_over(self) -> bool:
        """Whether all dates are."""
        return all(date.is_over for date in self.dates)

    @property
    def is_green(self) -> bool:
        """Whether every date has a run that succeeded, be it an earlier one."""
        return all(date.state == "success" for date in self.dates)

    def counts(self) -> dict[State, int]:
        """How many dates are in each state; those that no date is in are left out."""
        counted = Counter(date.state for date in self.dates)
        return {state: counted[state] for state in STATES if counted[state]}


def look(api: AirflowApi, backfill: Backfill, dates: Sequence[dt.datetime]) -> BackfillProgress:
    """The backfill as it is now. Makes three calls and one more for each hundred runs."""
    current = read_backfill(api, backfill.backfill_id)
    runs = list_runs(api, backfill.dag_id, dates[0], dates[-1])
    tasks = running_tasks(api, backfill.dag_id, dates[0], dates[-1])
    return judge(current, dates, runs, tasks)


def judge(
    backfill: Backfill,
    dates: Sequence[dt.datetime],
    runs: Mapping[dt.datetime, DagRun],
    tasks: Mapping[str, Sequence[str]],
) -> BackfillProgress:
    """What these runs and running tasks (by run id) mean for each date. Pure."""
    return BackfillProgress(
        backfill=backfill, dates=tuple(_progress_of(backfill, date, runs.get(date), tasks) for date in dates)
    )


def follow(
    api: AirflowApi, backfill: Backfill, dates: Sequence[dt.datetime], pause: Callable[[float], None]
) -> Iterator[BackfillProgress]:
    """Look, and look again after each pause (seconds), until all dates are over. Bears with an Airflow that is away for as long as the API's patience goes."""
    for seconds in chain(_FIRST_PAUSES, repeat(_PAUSE_SECONDS)):
        progress = look(api, backfill, dates)
        yield progress
        if progress.is_over:
            return
        pause(seconds)


def _progress_of(
    backfill: Backfill, date: dt.datetime, run: DagRun | None, tasks: Mapping[str, Sequence[str]]
) -> DateProgress:
    if run is None:
        return DateProgress(date=date, state="not made" if backfill.completed is not None else "waiting")
    # A run that the backfill runs again has no end until it ends anew.
    was_before = run.is_over and run.ended is not None and run.ended < backfill.created
    return DateProgress(
        date=date,
        state=_state_of(run),
        run=run,
        tasks=tuple(tasks.get(run.run_id, ())) if not run.is_over else (),
        was_before=was_before,
    )


def _state_of(run: DagRun) -> State:
    match run.state:
        case "success" | "failed" | "running" | "queued":
            return run.state
        case _:
            return "queued"  # a state that a later Airflow has before a run begins

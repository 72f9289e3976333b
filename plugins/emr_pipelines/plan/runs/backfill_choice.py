"""Which runs a backfill makes of those that the schedule gives, and what it does not. Pure: what Airflow has is passed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import ParamValue
from emr_pipelines.plan.runs.run_dates import ScheduledRun, scheduled_runs
from emr_pipelines.plan.runs.run_range import refuse_year, words_of_range

Action = Literal["make", "run again", "keep"]
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRun:
    """One run of the schedule, what the backfill does about it, and the state of the run that Airflow has of this date, if it has one."""

    scheduled: ScheduledRun
    action: Action
    state: str | None = None

    @property
    def date(self) -> dt.datetime:
        """Its logical date."""
        return self.scheduled.logical_date


def runs_to_fill(
    plan: Plan, first: dt.date, last: dt.date, params: Mapping[str, ParamValue], now: dt.datetime
) -> tuple[ScheduledRun, ...]:
    """The runs of the schedule in the range whose time has come. Raises EmrPipelinesError when there are none, and for a year that the pipeline does not take."""
    runs = scheduled_runs(plan, first, last, params)
    due = tuple(run for run in runs if run.logical_date < now)
    if not runs:
        raise EmrPipelinesError(
            f"The schedule of {plan.name} ({plan.schedule}) has no run from {first} to {last}; it goes {words_of_range(plan)}. "
            "Choose other dates with --from and --to"
        )
    if not due:
        raise EmrPipelinesError(
            f"All runs of {plan.name} from {first} to {last} are still to come, and Airflow makes none before its time. Choose earlier dates"
        )
    for run in due:
        refuse_year(plan, params, run.logical_date.date())
    return due


def choose_missing(runs: Collection[ScheduledRun], states: Mapping[dt.datetime, str]) -> tuple[ChosenRun, ...]:
    """Make those that Airflow does not have; `states` are those of the runs that it has, by logical date."""
    return tuple(
        ChosenRun(
            scheduled=run,
            action="keep" if run.logical_date in states else "make",
            state=states.get(run.logical_date),
        )
        for run in runs
    )


def choose_failed(runs: Collection[ScheduledRun], states: Mapping[dt.datetime, str]) -> tuple[ChosenRun, ...]:
    """Run the failed ones again, in the range from the first to the last of them; empty when none has failed.

    Raises EmrPipelinesError when a date between them has no run: Airflow would make that one as well.
    """
    failed = [run.logical_date for run in runs if states.get(run.logical_date) == "failed"]
    if not failed:
        return ()
    between = [run for run in runs if failed[0] <= run.logical_date <= failed[-1]]
    missing = [run.logical_date for run in between if run.logical_date not in states]
    if missing:
        raise EmrPipelinesError(
            f"{_words_of_dates(missing)} {'has' if len(missing) == 1 else 'have'} no run yet and "
            f"{'lies' if len(missing) == 1 else 'lie'} between runs that failed, so Airflow would make "
            f"{'it' if len(missing) == 1 else 'them'}, too. Choose --from and --to around "
            f"{'it' if len(missing) == 1 else 'them'}, or leave out --only-failed and make {'it' if len(missing) == 1 else 'them'} first"
        )
    return tuple(
        ChosenRun(
            scheduled=run,
            action="run again" if states[run.logical_date] == "failed" else "keep",
            state=states[run.logical_date],
        )
        for run in between
    )


def refuse_other_dates(plan: Plan, chosen: Collection[ChosenRun], of_airflow: Collection[dt.datetime]) -> None:
    """Raise EmrPipelinesError when Airflow would make runs of other dates than the spec gives: its DAG is of another version."""
    ours = {run.date for run in chosen if run.action != "keep"}
    other = sorted(ours.symmetric_difference(of_airflow))
    if other:
        raise EmrPipelinesError(
            f"Airflow's DAG {plan.name} and {plan.spec_file} disagree about the runs to make: {_words_of_dates(other)}. "
            "Airflow has another version of the spec; deploy this one, or wait until Airflow has read it, and try again"
        )


def label_of(date: dt.datetime) -> str:
    """A logical date, as short as it can be said: a year for its first moment, a day for its midnight."""
    if (date.hour, date.minute, date.second) != (0, 0, 0):
        return f"{date:%Y-%m-%dT%H:%M}"
    return f"{date:%Y}" if (date.month, date.day) == (1, 1) else f"{date:%Y-%m-%d}"


def _words_of_dates(dates: Collection[dt.datetime]) -> str:
    named = [f"{date:%Y-%m-%d}" for date in list(dates)[:_MOST_NAMED]]
    more = len(dates) - len(named)
    return f"{', '.join(named)}{f' and {more} more' if more else ''}"

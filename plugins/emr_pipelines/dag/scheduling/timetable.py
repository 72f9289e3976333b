"""A schedule between two dates. The dates bound what the scheduler makes and nothing else: with the DAG's own start_date and end_date, Airflow leaves the tasks of a run that a
person starts outside of them away, and calls the empty run a success (airflow/models/dagrun.py, verify_integrity)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from airflow.timetables.simple import ContinuousTimetable, OnceTimetable
from airflow.timetables.trigger import CronTriggerTimetable

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEZONE = "UTC"


class BoundedTimetable(Timetable):
    """A cron expression or a preset of Airflow, from `earliest` to `latest` (both included; None: no bound), in UTC.

    Named, so that a run's date does not hang on the deployment's `create_cron_data_intervals`: a run's date is the moment at which it starts.
    """

    def __init__(self, schedule: str, *, earliest: dt.datetime | None, latest: dt.datetime | None) -> None:
        self._schedule, self._earliest, self._latest = schedule, _moment(earliest), _moment(latest)
        self._ticks = _ticks_of(schedule)
        self.description = f"{self._ticks.description}{_words_of(self._earliest, self._latest)}"
        self.periodic = self._ticks.periodic
        self.active_runs_limit = self._ticks.active_runs_limit
        self.run_ordering = self._ticks.run_ordering

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> BoundedTimetable:
        """The timetable of what `serialize` gave."""
        earliest, latest = (
            None if data[key] is None else dt.datetime.fromisoformat(data[key]) for key in ("earliest", "latest")
        )
        return cls(data["schedule"], earliest=earliest, latest=latest)

    def serialize(self) -> dict[str, Any]:
        """What makes it again, as JSON."""
        bounds = {"earliest": self._earliest, "latest": self._latest}
        return {"schedule": self._schedule, **{key: bound and bound.isoformat() for key, bound in bounds.items()}}

    @property
    def summary(self) -> str:
        """The schedule, as the UI shows it in a list."""
        return self._schedule

    def __eq__(self, other: object) -> bool:
        """Whether both make the same runs."""
        return isinstance(other, BoundedTimetable) and self.serialize() == other.serialize()

    def __hash__(self) -> int:
        """The same for equal ones."""
        return hash(tuple(self.serialize().values()))

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """A run that a person starts has any date."""
        return self._ticks.infer_manual_data_interval(run_after=run_after)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next run of the schedule within its dates."""
        starts = [bound for bound in (self._earliest, restriction.earliest) if bound is not None]
        ends = [bound for bound in (self._latest, restriction.latest) if bound is not None]
        bounded = TimeRestriction(max(starts, default=None), min(ends, default=None), restriction.catchup)
        return self._ticks.next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=bounded
        )


def _ticks_of(schedule: str) -> Timetable:
    match schedule:
        case "@once":
            return OnceTimetable()
        case "@continuous":
            return ContinuousTimetable()
        case _:
            return CronTriggerTimetable(schedule, timezone=_TIMEZONE)


def _moment(date: dt.datetime | None) -> pendulum.DateTime | None:
    return None if date is None else pendulum.instance(date)


def _words_of(earliest: pendulum.DateTime | None, latest: pendulum.DateTime | None) -> str:
    words = [f"{word} {bound.date()}" for word, bound in (("from", earliest), ("to", latest)) if bound is not None]
    return f", {' '.join(words)}" if words else ""

"""The dates of a schedule bound what the scheduler makes. What Airflow stores of it makes the same runs again."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction

from emr_pipelines.dag.scheduling.timetable import BoundedTimetable

FIRST, LAST = dt.datetime(2013, 6, 1, tzinfo=dt.UTC), dt.datetime(2016, 1, 1, tzinfo=dt.UTC)
ANY = TimeRestriction(None, None, catchup=True)


def runs(timetable: BoundedTimetable, restriction: TimeRestriction = ANY) -> list[str]:
    """The dates of the runs that the scheduler makes, ten at most."""

    def make() -> Any:
        last: DataInterval | None = None
        while (
            info := timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        ) is not None:
            yield f"{info.logical_date:%Y-%m-%dT%H}"
            last = info.data_interval

    return list(itertools.islice(make(), 10))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("@yearly", ["2014-01-01T00", "2015-01-01T00", "2016-01-01T00"]),
        ("0 6 1 3 *", ["2014-03-01T06", "2015-03-01T06"]),
        ("@once", ["2013-06-01T00"]),
    ],
)
def test_a_schedule_stays_within_its_dates(schedule: str, expected: list[str]) -> None:
    timetable = BoundedTimetable(schedule, earliest=FIRST, latest=LAST)
    assert runs(timetable) == expected
    assert runs(BoundedTimetable.deserialize(timetable.serialize())) == expected
    assert BoundedTimetable.deserialize(timetable.serialize()) == timetable


def test_airflows_own_bounds_hold_as_well() -> None:
    timetable = BoundedTimetable("@yearly", earliest=FIRST, latest=LAST)
    narrower = TimeRestriction(pendulum.datetime(2014, 6, 1), pendulum.datetime(2015, 6, 1), catchup=True)
    assert runs(timetable, narrower) == ["2015-01-01T00"]


def test_without_catchup_a_schedule_that_is_over_makes_no_run() -> None:
    timetable = BoundedTimetable("@yearly", earliest=FIRST, latest=LAST)
    assert runs(timetable, TimeRestriction(None, None, catchup=False)) == []


def test_a_person_may_choose_any_date() -> None:
    timetable = BoundedTimetable("@yearly", earliest=FIRST, latest=LAST)
    outside = pendulum.datetime(1990, 5, 17)
    assert timetable.infer_manual_data_interval(run_after=outside).end == outside


def test_its_words_name_the_dates() -> None:
    assert BoundedTimetable("@yearly", earliest=FIRST, latest=None).description.endswith(", from 2013-06-01")
    assert BoundedTimetable("@continuous", earliest=FIRST, latest=LAST).active_runs_limit == 1

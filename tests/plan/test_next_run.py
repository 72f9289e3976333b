"""When a schedule makes its next run, as the spec says it; the timetable that Airflow has of the same spec agrees."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction
from tests.conftest import REPOSITORY

from emr_pipelines.dag.scheduling.timetable import BoundedTimetable
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_dates import next_run, words_without_next

NOW = dt.datetime(2005, 6, 15, 12, 30, tzinfo=dt.UTC)


@pytest.fixture
def plan_with(tmp_path: Any) -> Any:
    def build(**keys: str) -> Plan:
        lines = "\n".join(f"{key}: {value}" for key, value in keys.items())
        file = tmp_path / "scheduled.yaml"
        file.write_text(
            f"name: scheduled\n{lines}\ncluster: {{primary: {{instances: [m5.xlarge]}}}}\nsteps:\n  - {{name: only, command: [echo, hello]}}\n"
        )
        return build_plan(load_pipeline(file, environment="local", project_root=REPOSITORY))

    return build


@pytest.mark.parametrize(
    ("schedule", "dates", "expected"),
    [
        ('"@yearly"', {"start_date": "1995-01-01"}, "2006-01-01 00:00"),
        ('"@daily"', {"start_date": "1995-01-01"}, "2005-06-16 00:00"),
        ('"0 23 L * *"', {"start_date": "1995-01-01"}, "2005-06-30 23:00"),
        ('"0 0 29 2 *"', {"start_date": "1995-01-01"}, "2008-02-29 00:00"),
        ('"@yearly"', {"start_date": "2010-06-01"}, "2011-01-01 00:00"),
        ('"@yearly"', {"start_date": "2010-01-01"}, "2010-01-01 00:00"),
        ('"@yearly"', {"start_date": "2030-01-01"}, "2030-01-01 00:00"),
        ('"@yearly"', {"start_date": "1995-01-01", "end_date": "2006-01-01"}, "2006-01-01 00:00"),
        ('"@yearly"', {"start_date": "1995-01-01", "end_date": "2005-12-31"}, None),
        ('"@yearly"', {"start_date": "1995-01-01", "end_date": "2001-12-31"}, None),
    ],
)
def test_the_next_run_is_the_scheduler_s(
    plan_with: Any, schedule: str, dates: dict[str, str], expected: str | None
) -> None:
    plan = plan_with(schedule=schedule, **dates)
    found = next_run(plan, NOW)
    assert (found and f"{found:%Y-%m-%d %H:%M}") == expected
    bounds = {key: dt.datetime.fromisoformat(f"{value}T00:00:00+00:00") for key, value in dates.items()}
    timetable = BoundedTimetable(plan.schedule or "", earliest=bounds.get("start_date"), latest=bounds.get("end_date"))
    # One whose dates have not begun has had no run.
    last = DataInterval.exact(pendulum.instance(NOW)) if bounds["start_date"] < NOW else None
    info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=TimeRestriction(None, None, True))
    assert (info and f"{info.run_after:%Y-%m-%d %H:%M}") == expected


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "manual runs only"),
        ({"schedule": '"@once"', "start_date": "2000-01-01"}, "once, when it is first enabled"),
        ({"schedule": '"@yearly"', "start_date": "1995-01-01", "end_date": "2001-12-31"}, "none after 2001-12-31"),
    ],
)
def test_where_there_is_none_it_is_said_why(plan_with: Any, keys: dict[str, str], words: str) -> None:
    plan = plan_with(**keys)
    assert next_run(plan, NOW) is None
    assert words_without_next(plan) == words


def test_at_its_own_moment_a_run_is_no_more_the_next(plan_with: Any) -> None:
    plan = plan_with(schedule='"@yearly"', start_date="1995-01-01")
    assert next_run(plan, dt.datetime(2006, 1, 1, tzinfo=dt.UTC)) == dt.datetime(2007, 1, 1, tzinfo=dt.UTC)

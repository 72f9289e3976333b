"""The dates of a schedule are Airflow's own, and each run tells what it has for itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from airflow.timetables.base import TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable
from pendulum import instance

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_dates import scheduled_runs

BuildPlan = Callable[[str], Plan]
FIRST, LAST = dt.date(2023, 12, 30), dt.date(2024, 3, 2)


def spec(schedule: str | None, path: str = "s3://in/${run.date}", more: str = "") -> str:
    timed = "" if schedule is None else f'schedule: "{schedule}"\nstart_date: 2020-01-01\n'
    return f"{timed}{more}cluster: {{primary: {{instances: [m5.xlarge]}}}}\nsteps:\n  - {{name: a, command: [cat, '{path}']}}\n"


def dates(plan: Plan, first: dt.date = FIRST, last: dt.date = LAST) -> list[dt.datetime]:
    return [run.logical_date for run in scheduled_runs(plan, first, last, {})]


def airflows_dates(schedule: str) -> list[dt.datetime]:
    """What `airflow backfill create` iterates over."""
    timetable = CronTriggerTimetable(schedule, timezone="UTC")
    start, end = (instance(dt.datetime.combine(day, dt.time(), dt.UTC)) for day in (FIRST, LAST))
    restriction = TimeRestriction(start, end, catchup=True)
    found, info = [], None
    while info := timetable.next_dagrun_info(
        last_automated_data_interval=info.data_interval if info else None, restriction=restriction
    ):
        found.append(info.logical_date)
    return found


@pytest.mark.parametrize(
    "schedule",
    ["@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "0 6 * * 1", "*/20 3 1,15 * *", "0 0 29 2 *"],
)
def test_the_dates_are_those_of_airflow(plan_text: BuildPlan, schedule: str) -> None:
    found = dates(plan_text(spec(schedule)))
    assert found == airflows_dates(schedule)
    assert found


def test_both_midnights_belong_to_the_range(plan_text: BuildPlan) -> None:
    plan = plan_text(spec("@daily"))
    assert dates(plan, dt.date(2024, 1, 1), dt.date(2024, 1, 2)) == [
        dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
    ]


def test_a_run_tells_the_values_that_others_do_not_share(plan_text: BuildPlan) -> None:
    runs = scheduled_runs(plan_text(spec("@monthly", "s3://in/${run.year}/${run.month}")), FIRST, LAST, {})
    assert [dict(run.values) for run in runs] == [{"run.month": "01"}, {"run.month": "02"}, {"run.month": "03"}]


def test_a_value_that_is_not_used_tells_nothing(plan_text: BuildPlan) -> None:
    runs = scheduled_runs(plan_text(spec("@daily", "s3://in/$${run.date}")), FIRST, LAST, {})
    assert {tuple(run.values) for run in runs} == {()}


def test_a_parameter_that_sets_the_year_makes_all_years_the_same(plan_text: BuildPlan) -> None:
    more = 'params: {year: {type: [integer, "null"], default: null, minimum: 1990, maximum: 2030}}\n'
    plan = plan_text(spec("@yearly", "s3://in/${run.year}", more))
    first, last = dt.date(2020, 1, 1), dt.date(2022, 1, 1)
    assert [run.values["run.year"] for run in scheduled_runs(plan, first, last, {})] == ["2020", "2021", "2022"]
    assert [dict(run.values) for run in scheduled_runs(plan, first, last, {"year": 2001})] == [{}, {}, {}]


@pytest.mark.parametrize(
    ("schedule", "first", "last", "said"),
    [
        (None, FIRST, LAST, "manual runs only"),
        ("@continuous", FIRST, LAST, "@continuous"),
        ("@daily", LAST, FIRST, "swap them"),
        ("* * * * *", dt.date(2020, 1, 1), dt.date(2024, 1, 1), "more than 100,000 runs"),
    ],
)
def test_a_range_without_dates_says_what_to_do(
    plan_text: BuildPlan, schedule: str | None, first: dt.date, last: dt.date, said: str
) -> None:
    with pytest.raises(EmrPipelinesError, match=said):
        scheduled_runs(plan_text(spec(schedule)), first, last, {})


def test_a_pipeline_that_runs_once_has_one_run(plan_text: BuildPlan) -> None:
    assert dates(plan_text(spec("@once"))) == [dt.datetime(2023, 12, 30, tzinfo=dt.UTC)]

"""A person may run any date; where a run takes its year from its date, the year must be one that the pipeline takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_range import refuse_year, words_outside

BuildPlan = Callable[[str], Plan]
SPEC = """
schedule: "@yearly"
start_date: 2010-01-01
end_date: 2015-12-31
{params}
cluster: {{primary: {{instances: [m5.xlarge]}}}}
steps:
  - {{name: one, command: [echo, "{argument}"]}}
"""
YEAR = 'params: {year: {type: [integer, "null"], default: null, minimum: 2010, maximum: 2015}}'


@pytest.mark.parametrize("date", [dt.date(1990, 1, 1), dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC)])
def test_a_year_that_the_parameter_would_not_take_is_refused_with_the_range(
    plan_text: BuildPlan, date: dt.date
) -> None:
    plan = plan_text(SPEC.format(params=YEAR, argument="${run.year}"))
    with pytest.raises(EmrPipelinesError, match=rf"no run for {date.year}.* at least 2010 and at most 2015"):
        refuse_year(plan, {}, date)
    refuse_year(plan, {"year": 2012}, date)
    refuse_year(plan, {"year": None}, dt.date(2012, 1, 1))


def test_an_enumeration_of_years_is_a_range_too(plan_text: BuildPlan) -> None:
    plan = plan_text(
        SPEC.format(
            params=YEAR.replace("minimum: 2010, maximum: 2015", "enum: [2010, 2014, null]"), argument="${run.year}"
        )
    )
    with pytest.raises(EmrPipelinesError, match="one of 2010, 2014"):
        refuse_year(plan, {}, dt.date(2012, 1, 1))


@pytest.mark.parametrize(("params", "argument"), [("", "${run.year}"), (YEAR, "${run.date}")])
def test_any_date_will_do_where_no_year_is_bounded_or_used(plan_text: BuildPlan, params: str, argument: str) -> None:
    refuse_year(plan_text(SPEC.format(params=params, argument=argument)), {}, dt.date(1990, 1, 1))


def test_a_date_that_the_schedule_never_has_is_told(plan_text: BuildPlan) -> None:
    plan = plan_text(SPEC.format(params="", argument="${run.date}"))
    assert (
        words_outside(plan, dt.date(2016, 1, 1))
        == "2016-01-01 is outside of the schedule, which goes from 2010-01-01 to 2015-12-31"
    )
    assert words_outside(plan, dt.date(2015, 12, 31)) == ""
    assert words_outside(plan, dt.datetime(2015, 12, 31, 23, tzinfo=dt.UTC)) == ""

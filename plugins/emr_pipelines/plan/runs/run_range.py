"""Which runs a pipeline can be asked for. The dates of a schedule bound what the scheduler makes; a person may ask for any date, as long as a year can be had from it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.keys import run_year
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.param_values import find_refusal
from emr_pipelines.plan.runs.used_values import used_dates

_YEAR_PARAM = "year"
_YEAR_VALUE = "run.year"


def refuse_year(plan: Plan, params: Mapping[str, Any], date: dt.date) -> None:
    """Raise EmrPipelinesError when a run takes its year from its date, and the pipeline's own parameter `year` would not take that one.

    The trigger form fills in the present moment: without this such a run would find no data, or publish the wrong year's.
    """
    param = next((one for one in plan.params if one.name == _YEAR_PARAM), None)
    if param is None or _YEAR_VALUE not in used_dates(plan):
        return
    chosen = params.get(_YEAR_PARAM, param.default)
    if chosen is not None:  # judged when it was given
        return
    year = run_year({}, date, date)
    wanted = find_refusal(param, year)
    if wanted is not None:
        raise EmrPipelinesError(
            f"{plan.name} has no run for {year}, the year of this run's date {date:%Y-%m-%d}: the year must be {wanted}. "
            f"Set the parameter {_YEAR_PARAM} (on the command line: --param {_YEAR_PARAM}=…), or choose a logical date (--date …) in that range"
        )


def is_outside(plan: Plan, date: dt.date) -> bool:
    """Whether the scheduler never makes a run of this date."""
    day = f"{date:%Y-%m-%d}"
    return bool((plan.start_date and day < plan.start_date) or (plan.end_date and day > plan.end_date))


def words_outside(plan: Plan, date: dt.date) -> str:
    """What to tell somebody whose run has such a date; nothing for one that the schedule has."""
    if not is_outside(plan, date):
        return ""
    return f"{date:%Y-%m-%d} is outside of the schedule, which goes {words_of_range(plan)}"


def words_of_range(plan: Plan) -> str:
    """The dates of the schedule."""
    match plan.start_date, plan.end_date:
        case None, None:
            return "through all dates"
        case start, None:
            return f"from {start} on"
        case None, end:
            return f"up to {end}"
        case start, end:
            return f"from {start} to {end}"

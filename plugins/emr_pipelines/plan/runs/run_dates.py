"""The dates of a schedule's runs, and what tells the requests of these runs apart. Pure: needs no Airflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import ParamValue, bind_request, values_of_run
from emr_pipelines.plan.runs.run_range import is_outside
from emr_pipelines.plan.runs.used_values import used_dates

MOST_RUNS = 100_000
# Past this no schedule is looked through for its next date: one of 29 February comes within eight years.
_FARTHEST = dt.timedelta(days=366 * 9)
# What Airflow's presets stand for (airflow/timetables/_cron.py).
_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRun:
    """One run: its logical date, and the values in its requests that are not the same in all runs, by placeholder."""

    logical_date: dt.datetime
    values: Mapping[str, str]


def scheduled_runs(
    plan: Plan, first: dt.date, last: dt.date, params: Mapping[str, ParamValue]
) -> tuple[ScheduledRun, ...]:
    """The runs that the schedule gives from midnight of the first to midnight of the last date, as `airflow backfill create` makes them.

    Raises EmrPipelinesError for a pipeline without a schedule of dates and for a range of more than 100,000 runs.
    """
    if last < first:
        raise EmrPipelinesError(f"--to {last} is before --from {first}; swap them")
    dates = tuple(islice(_dates_of_schedule(plan, first, last), MOST_RUNS + 1))
    if len(dates) > MOST_RUNS:
        raise EmrPipelinesError(
            f"{plan.schedule} makes more than {MOST_RUNS:,} runs from {first} to {last}; choose dates nearer to each other"
        )
    used = sorted(used_dates(plan))
    values = [_values(plan, date, params, used) for date in dates]
    differing = [name for name in used if len({of_run[name] for of_run in values}) > 1]
    return tuple(
        ScheduledRun(logical_date=date, values={name: of_run[name] for name in differing})
        for date, of_run in zip(dates, values, strict=True)
    )


def next_run(plan: Plan, now: dt.datetime) -> dt.datetime | None:
    """When the scheduler makes the next run, as far as the spec says it; None without a schedule of dates, and after its last date.

    With catchup the scheduler may first make up for dates that have passed, which only Airflow knows.
    """
    if plan.schedule in (None, "@once", "@continuous"):
        return None
    start = max(now, _midnight(plan.start_date)) if plan.start_date else now
    end = _midnight(plan.end_date) if plan.end_date else start + _FARTHEST
    if plan.end_date and is_outside(plan, start):
        return None
    ticks = _ticks(_PRESETS.get(str(plan.schedule), str(plan.schedule)), start, end)
    return next((tick for tick in ticks if tick > now and not is_outside(plan, tick)), None)


def words_without_next(plan: Plan) -> str:
    """Why the scheduler makes no run, or when that cannot be told."""
    match plan.schedule:
        case None:
            return "manual runs only"
        case "@once":
            return "once, when it is first enabled"
        case "@continuous":
            return "when the one before has ended"
        case _:
            return f"none after {plan.end_date}" if plan.end_date else "none"


def _midnight(date: str) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(date), dt.time(), dt.UTC)


def _dates_of_schedule(plan: Plan, first: dt.date, last: dt.date) -> Iterator[dt.datetime]:
    return (date for date in _dates(plan, first, last) if not is_outside(plan, date))


def _dates(plan: Plan, first: dt.date, last: dt.date) -> Iterator[dt.datetime]:
    start, end = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (first, last))
    match plan.schedule:
        case None | "@continuous":
            raise EmrPipelinesError(
                f"{plan.name} has no schedule of dates ({plan.schedule or 'manual runs only'}); use --date to see one run"
            )
        case "@once":
            yield start
        case schedule:
            yield from _ticks(_PRESETS.get(schedule, schedule), start, end)


def _ticks(expression: str, start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    # Imported here: a plan without a range of dates should not cost the 70 ms.
    from croniter import croniter

    ticks = croniter(expression, start - dt.timedelta(microseconds=1), ret_type=dt.datetime)
    while (tick := ticks.get_next()) <= end:
        yield tick


def _values(plan: Plan, date: dt.datetime, params: Mapping[str, ParamValue], names: Sequence[str]) -> dict[str, str]:
    values = values_of_run(
        plan, run_id=f"scheduled__{date.isoformat()}", date=date.date(), params=params, code_prefix=plan.bucket
    )
    return {name: str(bind_request(f"${{{name}}}", values)) for name in names}

"""Rules about when a pipeline runs, and about its name. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import PurePosixPath

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.notation.spelling import closest
from emr_pipelines.pipeline_spec.project_files.project import PIPELINES

# Airflow's presets; every other schedule is a cron expression.
PRESETS = ("@continuous", "@daily", "@hourly", "@monthly", "@once", "@quarterly", "@weekly", "@yearly")
_CRON_FIELDS = (5, 6)
_SOME_DAY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def check_schedule(context: Context) -> Iterator[RuleViolation]:
    """The schedule is a preset or a cron expression."""
    schedule = context.spec.schedule
    if schedule is None or schedule in PRESETS:
        return
    if schedule.startswith("@"):
        guess = closest(schedule, PRESETS)
        fix = f"Did you mean {guess!r}?" if guess else f"Write one of {', '.join(PRESETS)}, or a cron expression."
        yield RuleViolation(path=("schedule",), message=f"there is no preset {schedule!r}", fix=fix)
    elif not _is_cron(schedule):
        yield RuleViolation(
            path=("schedule",),
            message=f"{schedule!r} is no cron expression",
            fix='Write five fields such as "0 6 * * 1", or a preset such as "@yearly".',
        )
    elif not _has_times(schedule):
        yield RuleViolation(
            path=("schedule",),
            message=f"{schedule!r} names no time that ever comes",
            fix="Correct the day or the month; none of these months has such a day.",
        )


def check_dates(context: Context) -> Iterator[RuleViolation]:
    """A schedule has a beginning, which comes before its end."""
    spec = context.spec
    if spec.schedule is not None and context.is_absent(("start_date",)):
        yield RuleViolation(
            path=("schedule",),
            message="a schedule without start_date",
            fix="Add start_date: the first day, for example 2024-01-01.",
            at_key=True,
        )
    if spec.start_date and spec.end_date and spec.end_date < spec.start_date:
        yield RuleViolation(
            path=("end_date",),
            message=f"end_date {spec.end_date} is before start_date {spec.start_date}",
            fix="Swap them.",
        )


def check_continuous(context: Context) -> Iterator[RuleViolation]:
    """Airflow runs `@continuous` one run at a time."""
    if context.spec.schedule == "@continuous" and context.spec.max_active_runs > 1:
        yield RuleViolation(
            path=("max_active_runs",), message="@continuous takes one run at a time", fix="Write max_active_runs: 1."
        )


def check_file_name(context: Context) -> Iterator[RuleViolation]:
    """A spec in config/pipelines has the name of its file, which is also that of its DAG file, and no other file has this name."""
    file = PurePosixPath(context.document.file)
    if file.parent.as_posix() != PIPELINES.as_posix():
        return
    if context.spec.name != file.stem and not context.is_broken(("name",)):
        yield RuleViolation(
            path=("name",),
            message=f"{context.spec.name!r} is not the file's name",
            fix=f"Write name: {file.stem}, or rename the file.",
        )
    others = [PurePosixPath(other).name for other in context.files.namesakes_of(file.as_posix())]
    if others:
        message = f"the pipeline {file.stem!r} has several files: {', '.join(sorted([file.name, *others]))}"
        yield RuleViolation(path=("name",), message=message, fix="Keep one of them.")


def _is_cron(text: str) -> bool:
    if len(text.split()) not in _CRON_FIELDS:
        return False
    # Imported here: a preset should not cost the 70 ms.
    from croniter import croniter

    return bool(croniter.is_valid(text))


def _has_times(cron: str) -> bool:
    from croniter import CroniterBadDateError, croniter

    try:
        croniter(cron, _SOME_DAY).get_next()
    except CroniterBadDateError:
        return False
    return True

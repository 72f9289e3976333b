"""Rules about who publishes to a place: runs of one schedule that have the same one, and steps of several pipelines. Places are compared as texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.placeholders import PlaceholderError, Reference, parse_text, resolve_known
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.notation.run_placeholders import DATE_VALUES
from emr_pipelines.pipeline_spec.notation.s3_places import TakeOver
from emr_pipelines.pipeline_spec.notation.task_names import TAKE_OVER_KEY
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.rules.place_tree import PlaceTree
from emr_pipelines.pipeline_spec.rules.publish import publishers

_SHARED = "publish-shared"
_SINGLE = re.compile(r"\d+|[A-Za-z]+")
# How often a schedule makes runs, from the rarest on, and which parts of the date then tell two of them apart.
_ENOUGH = {
    "year": ({"run.year"}, {"run.date"}),
    "month": ({"run.year", "run.month"}, {"run.date"}),
    "day": ({"run.date"},),
    "moment": (),
}
_PRESETS = {"@yearly": "year", "@monthly": "month", "@quarterly": "month", "@weekly": "day", "@daily": "day"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPlace:
    """A place to which a step publishes, as a run without parameters of its own has it; `written` is its text, `problem` stands where the spec has it, without words."""

    pipeline: str
    step: str
    place: str
    written: str
    take_over: TakeOver
    problem: Problem


def check_take_over(context: Context) -> Iterator[RuleViolation]:
    """take_over is about publish; and in a run's configuration its name is no parameter's."""
    for path, step in context.steps():
        if step.take_over != "nothing" and context.is_absent((*path, "publish")):
            fix = "Add publish, or remove take_over."
            yield RuleViolation(path=(*path, "take_over"), message="take_over without publish", fix=fix, at_key=True)
    if TAKE_OVER_KEY in context.spec.params:
        message = f"{TAKE_OVER_KEY!r} in a run's configuration says that the run may publish to places of others"
        yield RuleViolation(path=("params", TAKE_OVER_KEY), message=message, fix="Choose another name.", at_key=True)


def check_runs(context: Context) -> Iterator[RuleViolation]:
    """No two runs of a schedule publish to the same place."""
    interval = _interval_of(context.spec.schedule)
    if interval is None:
        return
    for path, step, place in _readable(context):
        if step.take_over == "nothing" and not _differs(place, interval, context):
            message = f"{place!r} is the same for several runs of the schedule {context.spec.schedule!r}, but only one can have it"
            fix = f"{_advise(interval)}; or write take_over: other_runs, if each run shall replace the one before."
            yield RuleViolation(path=path, message=message, fix=fix)


def published_places(context: Context) -> Iterator[PublishedPlace]:
    """Where the steps of a spec publish."""
    for path, step, place in _readable(context):
        if place.startswith("s3://"):
            yield PublishedPlace(
                pipeline=context.spec.name,
                step=step.name,
                place=_with_defaults(place, context),
                written=place,
                take_over=step.take_over,
                problem=context.document.problem(path, "", rule=_SHARED),
            )


def _readable(context: Context) -> Iterator[tuple[Path, StepSpec, str]]:
    """The places whose placeholders can be read; about others there is a rule of its own."""
    for path, step, place in publishers(context):
        try:
            parse_text(place)
        except PlaceholderError:
            continue
        yield path, step, place


def _with_defaults(place: str, context: Context) -> str:
    """The place with the defaults of its parameters. One without a default may be anything, so that it is like no other."""

    def value_of(reference: Reference) -> str | None:
        if reference.root != "params":
            return None
        param = context.spec.params.get(reference.parts[-1])
        default = None if param is None else param.default
        return f"\0{context.spec.name}.{reference}" if default is None else scalar_text(default)

    return str(resolve_known(place, value_of))


def find_shared(places: Iterable[PublishedPlace]) -> Iterator[Problem]:
    """A problem for each place that lies at, above or below that of another pipeline's step, told at the later one of both."""
    known: PlaceTree[PublishedPlace] = PlaceTree()
    for place in places:
        found = next((other for other in known.meeting(place.place) if _are_rivals(place, other)), None)
        if found is not None:
            yield _describe(place, found)
        known.add(place.place, place)


def _describe(one: PublishedPlace, other: PublishedPlace) -> Problem:
    where = f"{other.problem.file}:{other.problem.line}"
    whose = f"step {other.step!r} of {other.pipeline!r} ({where})"
    same = len(one.place.split("/")) == len(other.place.split("/"))
    message = (
        f"{whose} publishes to the same place"
        if same
        else f"{one.written!r} lies above or below {other.written!r}, to which {whose} publishes; one removes what the other has published"
    )
    return replace(one.problem, message=message, fix="Choose places side by side, such as one for each pipeline.")


def _are_rivals(one: PublishedPlace, other: PublishedPlace) -> bool:
    """Whether they are of two pipelines, of which neither is told to take over."""
    return one.pipeline != other.pipeline and "anyone" not in (one.take_over, other.take_over)


def _differs(place: str, interval: str, context: Context) -> bool:
    """Whether two runs of the schedule always have two places: by the date, or by something else that differs in each run."""
    names = {".".join(piece.parts) for piece in parse_text(place) if not isinstance(piece, str)}
    of_run = {name for name in names if name.startswith("run.")}
    year = context.spec.params.get("year")
    if year is not None and year.default is not None:
        of_run.discard("run.year")  # every scheduled run has this one
    return bool(of_run - DATE_VALUES) or any(enough <= of_run for enough in _ENOUGH[interval])


def _advise(interval: str) -> str:
    match interval:
        case "year":
            return "Add ${run.year}"
        case "month":
            return "Add ${run.year} and ${run.month}"
        case "day":
            return "Add ${run.date}"
    return "Add ${run.id}"


def _interval_of(schedule: str | None) -> str | None:
    """The longest part of the calendar in which a schedule makes one run at most; None for one that makes no two."""
    if schedule is None or schedule == "@once":
        return None
    if schedule.startswith("@"):
        return _PRESETS.get(schedule, "moment")
    minute, hour, day, month, weekday, *seconds = [*schedule.split(), "*", "*", "*", "*", "*"][
        : max(5, len(schedule.split()))
    ]
    if not all(_SINGLE.fullmatch(field) for field in (minute, hour, *seconds)):
        return "moment"
    if weekday != "*" or not _SINGLE.fullmatch(day):
        return "day"
    return "year" if _SINGLE.fullmatch(month) else "month"

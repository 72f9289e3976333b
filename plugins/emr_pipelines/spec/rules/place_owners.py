"""Rules about who publishes to a place: runs of one schedule that have the same one, and steps of several pipelines. Places are compared as texts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from emr_pipelines.errors import Problem
from emr_pipelines.spec.context import Context, Finding
from emr_pipelines.spec.notation.placeholders import Reference, parse_text
from emr_pipelines.spec.notation.s3_places import TakeOver, is_within
from emr_pipelines.spec.notation.task_names import TAKE_OVER_KEY
from emr_pipelines.spec.rules.publish import publishers

_SHARED = "publish-shared"
# What a value of the run's date looks like in a place: as digits.
_DATE_FORMS = {"run.year": "dddd", "run.month": "dd", "run.date": "dddd-dd-dd"}
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
    """A place to which a step publishes; `problem` stands where the spec names it, without words."""

    pipeline: str
    step: str
    place: str
    take_over: TakeOver
    problem: Problem


def check_take_over(context: Context) -> Iterator[Finding]:
    """take_over is about publish; and in a run's configuration its name is no parameter's."""
    for path, step in context.steps():
        if step.take_over != "nothing" and context.is_absent((*path, "publish")):
            fix = "Add publish, or remove take_over."
            yield Finding(path=(*path, "take_over"), message="take_over without publish", fix=fix, at_key=True)
    if TAKE_OVER_KEY in context.spec.params:
        message = f"{TAKE_OVER_KEY!r} in a run's configuration says that the run may publish to places of others"
        yield Finding(path=("params", TAKE_OVER_KEY), message=message, fix="Choose another name.", at_key=True)


def check_runs(context: Context) -> Iterator[Finding]:
    """No two runs of a schedule publish to the same place."""
    interval = _interval_of(context.spec.schedule)
    if interval is None:
        return
    for path, step, place in publishers(context):
        if step.take_over == "nothing" and not _differs(place, interval, context):
            message = f"{place!r} is the same for several runs of the schedule {context.spec.schedule!r}, but only one can have it"
            fix = f"{_advise(interval)}; or write take_over: other_runs, if each run shall replace the one before."
            yield Finding(path=path, message=message, fix=fix)


def published_places(context: Context) -> Iterator[PublishedPlace]:
    """Where the steps of a spec publish."""
    for path, step, place in publishers(context):
        if place.startswith("s3://"):
            yield PublishedPlace(
                pipeline=context.spec.name,
                step=step.name,
                place=place,
                take_over=step.take_over,
                problem=context.document.problem(path, "", rule=_SHARED),
            )


def find_shared(places: Iterable[PublishedPlace]) -> Iterator[Problem]:
    """A problem for each place that lies at, above or below that of another pipeline's step, told at the later one of both."""
    known: dict[str, list[PublishedPlace]] = {}
    ancestors: dict[str, list[PublishedPlace]] = {}
    for one in places:
        forms = _forms_above(one.place)
        near = [*known.get(forms[0], ()), *ancestors.get(forms[0], ())]
        near += [other for form in forms[1:] for other in known.get(form, ())]
        found = next((other for other in near if _collide(one, other)), None)
        if found is not None:
            yield _describe(one, found)
        known.setdefault(forms[0], []).append(one)
        for form in forms[1:]:
            ancestors.setdefault(form, []).append(one)


def _describe(one: PublishedPlace, other: PublishedPlace) -> Problem:
    where = f"{other.problem.file}:{other.problem.line}"
    whose = f"step {other.step!r} of {other.pipeline!r} ({where})"
    same = len(one.place.split("/")) == len(other.place.split("/"))
    message = (
        f"{whose} publishes to the same place"
        if same
        else f"{one.place!r} lies above or below {other.place!r}, to which {whose} publishes; one removes what the other has published"
    )
    return replace(one.problem, message=message, fix="Choose places side by side, such as one for each pipeline.")


def _collide(one: PublishedPlace, other: PublishedPlace) -> bool:
    """Whether one may remove what the other has published, and neither is told to."""
    if one.pipeline == other.pipeline or "anyone" in (one.take_over, other.take_over):
        return False
    return _may_lie_within(one.place, other.place) or _may_lie_within(other.place, one.place)


def _may_lie_within(inner: str, outer: str) -> bool:
    if is_within(inner, outer):
        return True
    pattern = "".join(_pattern_of(piece) for piece in parse_text(outer))
    sample = "".join(
        _form_of(piece).replace("d", "0") if not isinstance(piece, str) else piece for piece in parse_text(inner)
    )
    return re.fullmatch(f"{pattern}(/.*)?", sample) is not None


def _pattern_of(piece: str | Reference) -> str:
    """A regular expression of what the piece may be in a run; of a parameter only its own text is known."""
    return re.escape(piece) if isinstance(piece, str) else re.escape(_form_of(piece)).replace("d", "[0-9]")


def _form_of(piece: str | Reference) -> str:
    return piece if isinstance(piece, str) else _DATE_FORMS.get(".".join(piece.parts), str(piece).upper())


def _forms_above(place: str) -> Sequence[str]:
    """The place and all above it, deepest first, with digits and dates in one form: what may be the same has the same form."""
    pieces = (
        re.sub(r"[0-9]", "d", piece) if isinstance(piece, str) else _form_of(piece) for piece in parse_text(place)
    )
    parts = "".join(pieces).split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 2, -1)]


def _differs(place: str, interval: str, context: Context) -> bool:
    """Whether two runs of the schedule always have two places: by the date, or by something else that differs in each run."""
    names = {".".join(piece.parts) for piece in parse_text(place) if not isinstance(piece, str)}
    of_run = {name for name in names if name.startswith("run.")}
    year = context.spec.params.get("year")
    if year is not None and year.default is not None:
        of_run.discard("run.year")  # every scheduled run has this one
    return bool(of_run - _DATE_FORMS.keys()) or any(enough <= of_run for enough in _ENOUGH[interval])


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

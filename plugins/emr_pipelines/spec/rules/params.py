"""Rules about parameters: a default fits its own schema, and free text cannot become an option. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.spec.context import Context, Finding
from emr_pipelines.spec.models.base import Scalar
from emr_pipelines.spec.models.pipeline import ParamSpec, text_pattern
from emr_pipelines.spec.notation.forms import FORMS, SAFE_TEXT
from emr_pipelines.spec.notation.slow_patterns import find_slow_part
from emr_pipelines.spec.reading.document import Path
from emr_pipelines.spec.reading.plain_values import scalar_text

_NUMERIC = ("integer", "number")


def check_types(context: Context) -> Iterator[Finding]:
    """A parameter has some type besides null."""
    for path, param in _params(context):
        if set(_types(param)) <= {"null"}:
            yield Finding(
                path=(*path, "type"),
                message="a parameter that can only be null",
                fix='Add another type, such as [integer, "null"].',
            )


def check_constraints(context: Context) -> Iterator[Finding]:
    """Bounds belong to numbers, patterns and formats to strings, and each makes sense by itself."""
    for path, param in _params(context):
        types = _types(param)
        for key, needed in (
            ("minimum", _NUMERIC),
            ("maximum", _NUMERIC),
            ("pattern", ("string",)),
            ("format", ("string",)),
        ):
            if getattr(param, key) is not None and not set(types) & set(needed):
                yield Finding(
                    path=(*path, key),
                    message=f"{key} has no meaning for the type {' or '.join(types)}",
                    fix=f"Remove {key}.",
                    at_key=True,
                )
        if param.minimum is not None and param.maximum is not None and param.minimum > param.maximum:
            yield Finding(
                path=(*path, "minimum"),
                message=f"minimum {param.minimum} is above maximum {param.maximum}",
                fix="Swap them.",
            )
        error = _pattern_error(param)
        if error:
            yield Finding(path=(*path, "pattern"), message=error[0], fix=error[1])


def check_values(context: Context) -> Iterator[Finding]:
    """The default and the values of the form fit the type, the enum, the bounds and the pattern."""
    for path, param in _params(context):
        if param.default is not None:
            yield from _check_value((*path, "default"), param.default, param, with_enum=True)
        for key, values in (("enum", param.enum or []), ("examples", param.examples or [])):
            for index, value in enumerate(values):
                if value is not None:
                    yield from _check_value((*path, key, index), value, param, with_enum=key == "examples")


def check_default_given(context: Context) -> Iterator[Finding]:
    """A scheduled run has a value for every parameter."""
    for path, param in _params(context):
        is_missing = param.default is None and "null" not in _types(param) and not context.is_broken(path)
        if is_missing and (context.spec.schedule or "default" in param.model_fields_set):
            fix = f"Add a default, or allow null: type: [{', '.join((*_types(param), chr(34) + 'null' + chr(34)))}]."
            yield Finding(path=(*path, "default"), message="no default, but a scheduled run fills in no form", fix=fix)


def check_year(context: Context) -> Iterator[Finding]:
    """`params.year` stands for `${run.year}`, so that it is a whole number."""
    year = context.spec.params.get("year")
    if year and "integer" not in _types(year):
        yield Finding(
            path=("params", "year", "type"),
            message="params.year takes the place of ${run.year} and must be an integer",
            fix='Write [integer, "null"], or choose another name.',
        )


def check_year_range(context: Context) -> Iterator[Finding]:
    """The schedule stays within the years of `params.year`."""
    year = context.spec.params.get("year")
    for key, day in (("start_date", context.spec.start_date), ("end_date", context.spec.end_date)):
        if year is None or day is None:
            continue
        if (year.minimum is not None and day.year < year.minimum) or (
            year.maximum is not None and day.year > year.maximum
        ):
            message = f"{key} is in {day.year}, outside of params.year ({_range_text(year)})"
            yield Finding(path=(key,), message=message, fix=f"Move {key}, or widen the range of params.year.")


def _check_value(path: Path, value: Scalar, param: ParamSpec, *, with_enum: bool) -> Iterator[Finding]:
    types = _types(param)
    if not _fits_type(value, types):
        yield Finding(
            path=path,
            message=f"{scalar_text(value)!r} is not of the type {' or '.join(types)}",
            fix="Write a value of that type, or change the type.",
        )
    elif with_enum and param.enum is not None and value not in param.enum:
        yield Finding(path=path, message=f"{scalar_text(value)!r} is not in the enum", fix="Write one of its values.")
    elif isinstance(value, str) and not _matches(value, param):
        allowed = f"only {FORMS[SAFE_TEXT]}" if text_pattern(param) == SAFE_TEXT else f"the pattern {param.pattern}"
        yield Finding(
            path=path,
            message=f"{value!r} does not match {allowed}",
            fix="Change the value, or write a pattern of your own.",
        )
    elif not isinstance(value, str | bool) and not _in_bounds(value, param):
        yield Finding(
            path=path, message=f"{value} is outside of {_range_text(param)}", fix="Change the value or the bounds."
        )


def _fits_type(value: Scalar, types: list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, str):
        return "string" in types
    return "number" in types or ("integer" in types and float(value).is_integer())


def _matches(value: str, param: ParamSpec) -> bool:
    pattern = text_pattern(param)
    return pattern is None or _pattern_error(param) is not None or re.search(pattern, value) is not None


def _in_bounds(value: int | float, param: ParamSpec) -> bool:
    return (param.minimum is None or value >= param.minimum) and (param.maximum is None or value <= param.maximum)


def _range_text(param: ParamSpec) -> str:
    least = "…" if param.minimum is None else param.minimum
    most = "…" if param.maximum is None else param.maximum
    return f"{least} to {most}"


def _pattern_error(param: ParamSpec) -> tuple[str, str] | None:
    """What is wrong with a pattern, and what to do about it."""
    try:
        re.compile(param.pattern or "")
    except (re.error, OverflowError, RecursionError) as error:
        return f"no regular expression: {error}", "Correct the pattern."
    slow = find_slow_part(param.pattern or "")
    if slow is None:
        return None
    message = f"{slow!r} can match one text in many ways, so that some texts take years to check"
    return message, "Begin each repeat with a character that nothing else in it takes, as ^[a-z]+(-[a-z]+)*$ does."


def _types(param: ParamSpec) -> list[str]:
    return [param.type] if isinstance(param.type, str) else list(param.type)


def _params(context: Context) -> Iterator[tuple[Path, ParamSpec]]:
    for name, param in context.spec.params.items():
        yield ("params", name), param

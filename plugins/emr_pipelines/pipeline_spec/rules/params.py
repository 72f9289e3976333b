"""Rules about parameters: a default fits its own schema, and free text cannot become an option. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.base import Scalar
from emr_pipelines.pipeline_spec.models.pipeline import ParamSpec, param_schema, text_pattern
from emr_pipelines.pipeline_spec.notation.forms import FORMS, SAFE_TEXT
from emr_pipelines.pipeline_spec.notation.param_schemas import FORMAT_WORDS, refusing_keyword
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.notation.slow_patterns import find_slow_part
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.references import parse_references

_NUMERIC = ("integer", "number")


def check_types(context: Context) -> Iterator[RuleViolation]:
    """A parameter has some type besides null, and each type once."""
    for path, param in _params(context):
        if len(set(_types(param))) < len(_types(param)):
            message = "a type is here twice, which JSON Schema does not take"
            yield RuleViolation(path=(*path, "type"), message=message, fix="Remove one of them.")
        if set(_types(param)) <= {"null"}:
            yield RuleViolation(
                path=(*path, "type"),
                message="a parameter that can only be null",
                fix='Add another type, such as [integer, "null"].',
            )


def check_constraints(context: Context) -> Iterator[RuleViolation]:
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
                yield RuleViolation(
                    path=(*path, key),
                    message=f"{key} has no meaning for the type {' or '.join(types)}",
                    fix=f"Remove {key}.",
                    at_key=True,
                )
        if param.minimum is not None and param.maximum is not None and param.minimum > param.maximum:
            yield RuleViolation(
                path=(*path, "minimum"),
                message=f"minimum {param.minimum} is above maximum {param.maximum}",
                fix="Swap them.",
            )
        error = _pattern_error(param)
        if error:
            yield RuleViolation(path=(*path, "pattern"), message=error[0], fix=error[1])


def check_values(context: Context) -> Iterator[RuleViolation]:
    """The default and the values of the form are what Airflow takes: they fit the type, the enum, the format, the bounds and the pattern."""
    for path, param in _params(context):
        schema = _schema(context, param)
        without_enum = {key: value for key, value in schema.items() if key != "enum"}
        if param.default is not None:
            yield from _check_value(context, (*path, "default"), param.default, param, schema)
        for key, values, fitting in (
            ("enum", param.enum or [], without_enum),
            ("examples", param.examples or [], schema),
        ):
            for index, value in enumerate(values):
                if value is not None:
                    yield from _check_value(context, (*path, key, index), value, param, fitting)


def check_default_given(context: Context) -> Iterator[RuleViolation]:
    """A scheduled run has a value for every parameter."""
    for path, param in _params(context):
        needs_default = context.spec.schedule or "default" in param.model_fields_set
        if param.default is not None or context.is_broken(path) or not needs_default:
            continue
        message = "no default, but a scheduled run fills in no form"
        if "null" not in _types(param):
            fix = f"Add a default, or allow null: type: [{', '.join((*_types(param), chr(34) + 'null' + chr(34)))}]."
            yield RuleViolation(path=(*path, "default"), message=message, fix=fix)
        elif param.enum is not None and None not in param.enum:
            message += ", and null is not in the enum"
            yield RuleViolation(path=(*path, "default"), message=message, fix="Add a default, or null to the enum.")


def check_year(context: Context) -> Iterator[RuleViolation]:
    """`params.year` stands for `${run.year}`, so that it is a whole number and nothing else."""
    year = context.spec.params.get("year")
    if year and {*_types(year)} - {"null"} != {"integer"}:
        yield RuleViolation(
            path=("params", "year", "type"),
            message="params.year takes the place of ${run.year} and must be an integer",
            fix='Write [integer, "null"], or choose another name.',
        )


def check_year_range(context: Context) -> Iterator[RuleViolation]:
    """The schedule stays within the years of `params.year`."""
    year = context.spec.params.get("year")
    for key, day in (("start_date", context.spec.start_date), ("end_date", context.spec.end_date)):
        if year is None or day is None:
            continue
        if (year.minimum is not None and day.year < year.minimum) or (
            year.maximum is not None and day.year > year.maximum
        ):
            message = f"{key} is in {day.year}, outside of params.year ({_range_text(year)})"
            yield RuleViolation(path=(key,), message=message, fix=f"Move {key}, or widen the range of params.year.")


def _check_value(
    context: Context, path: Path, value: Scalar, param: ParamSpec, schema: dict[str, Any]
) -> Iterator[RuleViolation]:
    if isinstance(value, str) and parse_references(context.resolve(value)):
        return  # an unknown placeholder, which is a problem of its own
    plain = context.plain(value)
    match refusing_keyword(schema, plain):
        case None:
            return
        case "type":
            message = f"{scalar_text(plain)!r} is not of the type {' or '.join(_types(param))}"
            fix = "Write a value of that type, or change the type."
        case "enum":
            message, fix = f"{scalar_text(plain)!r} is not in the enum", "Write one of its values."
        case "format":
            message = f"{plain!r} is not {FORMAT_WORDS[schema['format']]}"
            fix = "Write such a text in quotes, or change the format."
        case "pattern":
            allowed = f"only {FORMS[SAFE_TEXT]}" if text_pattern(param) == SAFE_TEXT else f"the pattern {param.pattern}"
            message = f"{plain!r} does not match {allowed}"
            fix = "Change the value, or write a pattern of your own."
        case _:
            message, fix = f"{plain} is outside of {_range_text(param)}", "Change the value or the bounds."
    yield RuleViolation(path=path, message=message, fix=fix)


def _schema(context: Context, param: ParamSpec) -> dict[str, Any]:
    """The schema that Airflow gets, without a pattern that is none, which is a problem of its own."""
    schema = param_schema(param, context.plain)
    return schema if _pattern_error(param) is None else {k: v for k, v in schema.items() if k != "pattern"}


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

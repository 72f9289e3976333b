"""Which values a run's parameter takes, by its JSON Schema: the same that Airflow's `Param` takes when a run starts. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from emr_pipelines.plan.model import ParamPlan
from emr_pipelines.spec.notation.forms import FORMS

_IS_OF_TYPE: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: _is_number(value),
    "integer": lambda value: _is_number(value) and value % 1 == 0,
}


def types_of(param: ParamPlan) -> list[str]:
    """The JSON types that a parameter takes."""
    declared = param.schema.get("type", "string")
    return [declared] if isinstance(declared, str) else list(declared)


def find_refusal(param: ParamPlan, value: Any) -> str | None:
    """What a value must be and is not; None for one that the parameter takes."""
    schema, types = param.schema, types_of(param)
    if not any(_IS_OF_TYPE[name](value) for name in types):
        return " or ".join(types)
    # JSON tells 1 from true, Python does not.
    if "enum" in schema and not any(
        value == one and isinstance(value, bool) == isinstance(one, bool) for one in schema["enum"]
    ):
        return f"one of {', '.join(str(one) for one in schema['enum'])}"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        return FORMS.get(schema["pattern"], f"text that the pattern {schema['pattern']} takes")
    return _range_of(schema) if _is_number(value) and not _is_within(schema, value) else None


def _is_number(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _is_within(schema: dict[str, Any], value: float) -> bool:
    return bool(schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf))


def _range_of(schema: dict[str, Any]) -> str:
    bounds = (("minimum", "at least"), ("maximum", "at most"))
    return " and ".join(f"{words} {schema[key]}" for key, words in bounds if key in schema)

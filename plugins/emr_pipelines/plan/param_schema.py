"""The parameters of the trigger form, as JSON Schema. Pure."""

from __future__ import annotations

from typing import Any

from emr_pipelines.plan.model import ParamPlan
from emr_pipelines.spec.models import ParamSpec, text_pattern


def plan_param(name: str, param: ParamSpec) -> ParamPlan:
    """The default and the schema of a parameter; free text without a pattern of its own gets the safe one."""
    schema = {key: _tidy(value) for key, value in param.model_dump(exclude_none=True, exclude={"default"}).items()}
    pattern = text_pattern(param)
    if pattern is not None:
        schema["pattern"] = pattern
    return ParamPlan(name=name, default=param.default, schema=schema)


def _tidy(value: Any) -> Any:
    """A bound such as 1995.0 as the whole number that was written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value

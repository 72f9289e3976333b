"""Parameters from the command line (`--param NAME=VALUE`), read by the types that the plan declares. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import ParamPlan, Plan


def parse_params(plan: Plan, texts: Iterable[str]) -> dict[str, Any]:
    """NAME=VALUE texts as the run's conf. Raises EmrPipelinesError naming the text for an unknown name or a value of another type.

    Only the type is settled here; ranges and patterns are the `Param`'s own, which Airflow checks.
    """
    return dict(_parse_param(plan, text) for text in texts)


def _parse_param(plan: Plan, text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    param = next((param for param in plan.params if param.name == name), None)
    if not separator or param is None:
        names = [param.name for param in plan.params]
        close = get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"{plan.name} has the parameters: {', '.join(names) or 'none'}"
        raise EmrPipelinesError(f"--param {text!r}: the form is NAME=VALUE with a parameter of {plan.name}; {hint}")
    return name, _typed(param, value)


def _typed(param: ParamPlan, value: str) -> Any:
    declared = param.schema.get("type", "string")
    types = [declared] if isinstance(declared, str) else list(declared)
    if "string" in types:
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise EmrPipelinesError(f"--param {param.name}={value!r}: the value must be {' or '.join(types)}") from error

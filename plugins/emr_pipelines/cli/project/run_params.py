"""Parameters from the command line (`--param NAME=VALUE`), read by the types that the plan declares. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import ParamPlan, Plan
from emr_pipelines.plan.runs.param_values import find_refusal, types_of

_MOST_SHOWN = 200


def parse_params(plan: Plan, texts: Iterable[str]) -> dict[str, Any]:
    """NAME=VALUE texts as the run's conf. Raises EmrPipelinesError naming the text for an unknown name or a value that the parameter does not take."""
    return dict(_parse_param(plan, text) for text in texts)


def _parse_param(plan: Plan, text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    param = next((param for param in plan.params if param.name == name), None)
    if param is not None and not separator:
        raise EmrPipelinesError(f"--param {text!r} has no value; the form is NAME=VALUE, such as {name}=…")
    if param is None:
        names = [param.name for param in plan.params]
        close = get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"{plan.name} has the parameters: {', '.join(names) or 'none'}"
        raise EmrPipelinesError(
            f"--param {_shown(text)}: the form is NAME=VALUE with a parameter of {plan.name}; {hint}"
        )
    return name, _typed(param, value)


def _shown(text: str) -> str:
    """A text as a message repeats it: in quotes, and not all of a long one."""
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")


def _typed(param: ParamPlan, text: str) -> Any:
    value = _read(param, text)
    refusal = find_refusal(param, value)
    if refusal:
        raise EmrPipelinesError(f"--param {param.name}={_shown(text)}: the value must be {refusal}")
    return value


def _read(param: ParamPlan, text: str) -> Any:
    if "string" in types_of(param):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text

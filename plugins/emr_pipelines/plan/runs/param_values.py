"""Which values a run's parameter takes, in words. Pure; what checks them is in `pipeline_spec/notation/param_schemas.py`."""

from __future__ import annotations

from typing import Any

from emr_pipelines.pipeline_spec.notation.forms import FORMS
from emr_pipelines.pipeline_spec.notation.param_schemas import FORMAT_WORDS, refusing_keyword
from emr_pipelines.plan.model import ParamPlan


def types_of(param: ParamPlan) -> list[str]:
    """The JSON types that a parameter takes."""
    declared = param.schema.get("type", "string")
    return [declared] if isinstance(declared, str) else list(declared)


def find_refusal(param: ParamPlan, value: Any) -> str | None:
    """What a value must be and is not; None for one that the parameter takes."""
    schema = param.schema
    match refusing_keyword(schema, value):
        case None:
            return None
        case "type":
            return " or ".join(types_of(param))
        case "enum":
            return f"one of {', '.join(str(one) for one in schema['enum'])}"
        case "format":
            return FORMAT_WORDS.get(schema["format"], f"of the format {schema['format']}")
        case "pattern":
            return FORMS.get(schema["pattern"], f"text that the pattern {schema['pattern']} takes")
    return _range_of(schema)


def _range_of(schema: dict[str, Any]) -> str:
    bounds = (("minimum", "at least"), ("maximum", "at most"))
    return " and ".join(f"{words} {schema[key]}" for key, words in bounds if key in schema)

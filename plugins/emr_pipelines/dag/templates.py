"""Plan texts as Airflow templates: placeholders become calls of the macro object `emr`, everything else stays a literal. Pure text work."""

from __future__ import annotations

import json
import re
from typing import Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.placeholders import Reference, substitute
from emr_pipelines.pipeline_spec.notation.run_placeholders import RunPlaceholders

_SPECIAL = re.compile(r"[{}#%\r]|\n\Z")


def to_template(value: Any, *, step: str = "", own_output: str = "") -> Any:
    """A JSON value of the plan whose strings are Airflow templates.

    `step` is the step that the value belongs to: `${steps.<step>.output}` is then its own new prefix, whose plan text is `own_output`.
    """
    macros = _macros(step)

    def reference_to_jinja(reference: Reference) -> str:
        macro = macros.of(reference)
        if macro is not None:
            return "{{ " + macro + " }}"
        match reference.parts:
            case ("steps", name, "output") if name == step:
                return str(to_template(own_output, step=step))
            case ("steps", name, "output"):
                return "{{ emr.step_output(ti, " + json.dumps(name) + ") }}"
            case ("steps", name, "output_uri"):
                return "{{ emr.step_output_uri(ti, " + json.dumps(name) + ") }}"
            case ("params", name):
                return "{{ emr.param(params, " + json.dumps(name) + ") }}"
        raise EmrPipelinesError(f"{reference} has no value at run time")

    return substitute(value, reference_to_jinja, quote_literal)


def _macros(step: str) -> RunPlaceholders[str]:
    """The calls of the macros of `dag.macros` with what Jinja's context holds; `attempt_label` is there when the waiting task submits a step anew."""
    return RunPlaceholders(
        run_year="emr.run_year(dag_run, params)",
        run_month="emr.run_month(dag_run)",
        run_date="emr.run_date(dag_run)",
        run_id="emr.run_id(dag_run)",
        run_key="emr.run_key(dag_run)",
        run_expires_at="emr.expires_at()",
        code_prefix="emr.code_prefix(ti)",
        step_attempt="emr.attempt(ti, task, attempt_label | default(none))",
        step_key=f"emr.step_key(dag_run, ti, task, {json.dumps(step)}, attempt_label | default(none))",
    )


def quote_literal(text: str) -> str:
    """A text that Jinja renders to exactly this text. Braces, a newline at the end (which Jinja drops) and a carriage return (which it makes a newline) need a string expression.

    Jinja reads string literals with Python's escapes, so JSON's escapes fit once non-ASCII stays as it is.
    """
    return "{{ " + json.dumps(text, ensure_ascii=False) + " }}" if _SPECIAL.search(text) else text

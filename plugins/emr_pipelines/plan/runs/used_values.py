"""Which values of a run stand in the texts of a plan: parts of its date, and parameters. Pure."""

from __future__ import annotations

from typing import Any

from emr_pipelines.pipeline_spec.notation.placeholders import references_in
from emr_pipelines.pipeline_spec.notation.run_placeholders import DATE_VALUES
from emr_pipelines.plan.model import Plan

_PARAMS = "params."


def used_values(value: Any) -> set[str]:
    """The names that a JSON value holds, such as `run.year` or `params.country`."""
    names = (".".join(reference.parts) for reference in references_in(value))
    return {name for name in names if name in DATE_VALUES or name.startswith(_PARAMS)}


def used_dates(plan: Plan) -> set[str]:
    """The parts of the date that some request, input or place of publishing of the plan holds."""
    texts = [
        plan.cluster.request,
        [step.request for step in plan.steps],
        [step.external_inputs for step in plan.steps],
        [step.output.publish for step in plan.steps if step.output],
        [step.execution_role for step in plan.steps],
    ]
    return used_values(texts) & DATE_VALUES

"""Puts the values of one run in place of a plan's placeholders, which gives the exact request bodies. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.placeholders import Reference, substitute
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.notation.run_placeholders import DATE_VALUES, RunPlaceholders
from emr_pipelines.plan.keys import path_safe_run_id, run_key, run_year, step_key
from emr_pipelines.plan.legacy_contract import output_uri_of
from emr_pipelines.plan.model import Plan, StepPlan
from emr_pipelines.plan.runs.run_range import refuse_year

# What a cluster may live longest lies between this year and the last that a date has.
_LAST_YEAR = 8000

ParamValue = str | int | float | bool | None


class UnboundPlaceholder(EmrPipelinesError):
    """A placeholder that has no value in this run, or not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunValues:
    """What a run knows. `run_id` is Airflow's own (`${run.id}` becomes its path-safe form); a run without a logical date has that of `run_after`.

    `step_attempt` and `step_key` belong to the step that is being bound; `step_outputs` holds the output prefixes that exist, by step.
    """

    run_id: str
    run_key: str
    year: int
    logical_date: dt.date
    params: Mapping[str, ParamValue]
    code_prefix: str
    expires_at: str | None = None
    step_attempt: str | None = None
    step_key: str | None = None
    step_outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundRun:
    """The bodies that a run sends when nothing fails: RunJobFlow (None for a long-running cluster) and one AddJobFlowSteps per step."""

    run_job_flow: dict[str, Any] | None
    add_job_flow_steps: tuple[dict[str, Any], ...]


def values_of_run(
    plan: Plan, *, run_id: str, date: dt.date, params: Mapping[str, ParamValue], code_prefix: str
) -> RunValues:
    """The values of a run with this logical date, which expires as if it started then; parameters not given have their defaults.

    Raises EmrPipelinesError for a date that gives no year which the pipeline takes, and for one that is too far away to have an end.
    """
    all_params = {param.name: param.default for param in plan.params} | dict(params)
    refuse_year(plan, all_params, date)
    lifetime = dt.timedelta(seconds=plan.cluster.max_lifetime_seconds or 0)
    if date.year >= _LAST_YEAR:
        raise EmrPipelinesError(f"a run on {date} has no time that its cluster expires; choose an earlier date")
    expires = dt.datetime.combine(date, dt.time(), dt.UTC) + lifetime
    return RunValues(
        run_id=run_id,
        run_key=run_key(plan.name, run_id),
        year=run_year(all_params, date, date),
        logical_date=date,
        params=all_params,
        code_prefix=code_prefix,
        expires_at=expires.isoformat(),
    )


def bind_request(value: Any, values: RunValues) -> Any:
    """The JSON value with every placeholder resolved. Values are put in as they are and never read again, so one argument stays one argument.

    Raises UnboundPlaceholder naming the placeholder that has no value.
    """
    known = _texts_of(values)

    def text_of(reference: Reference) -> str:
        text = known.of(reference) or _own_text(reference, values)
        if text is None:
            raise UnboundPlaceholder(f"{reference} has no value in run {values.run_id}; {_advice(reference)}")
        return text

    return substitute(value, text_of)


def bind_run(plan: Plan, values: RunValues, *, cluster_id: str, attempt: str = "1") -> BoundRun:
    """All bodies of a run in which every step succeeds at its first attempt."""
    bodies, current = [], values
    for step in plan.steps:
        current = values_of_step(plan, step, current, attempt=attempt)
        bodies.append(add_steps_request(step, current, cluster_id=cluster_id))
    return BoundRun(run_job_flow=bind_request(plan.cluster.request, values), add_job_flow_steps=tuple(bodies))


def values_of_step(plan: Plan, step: StepPlan, values: RunValues, *, attempt: str) -> RunValues:
    """The run's values for one attempt of a step: its attempt, its key and, if it writes one, its own new output prefix."""
    key = step_key(plan.name, values.run_id, step.name, attempt)
    own = replace(values, step_attempt=attempt, step_key=key)
    if step.output is None:
        return own
    return replace(own, step_outputs={**values.step_outputs, step.name: bind_request(step.output.prefix, own)})


def add_steps_request(step: StepPlan, values: RunValues, *, cluster_id: str) -> dict[str, Any]:
    """The AddJobFlowSteps body of one step."""
    role = {} if step.execution_role is None else {"ExecutionRoleArn": bind_request(step.execution_role, values)}
    return {"JobFlowId": cluster_id, "Steps": [bind_request(step.request, values)], **role}


def _texts_of(values: RunValues) -> RunPlaceholders[str | None]:
    return RunPlaceholders(
        run_year=str(values.year),
        run_month=f"{values.logical_date:%m}",
        run_date=values.logical_date.isoformat(),
        run_id=path_safe_run_id(values.run_id),
        run_key=values.run_key,
        run_expires_at=values.expires_at,
        code_prefix=values.code_prefix,
        step_attempt=values.step_attempt,
        step_key=values.step_key,
    )


def date_texts(year: int, date: dt.date) -> dict[str, str]:
    """The texts of the placeholders that are about data, by name, of a run that is about this year and date."""
    texts = _texts_of(RunValues(run_id="", run_key="", year=year, logical_date=date, params={}, code_prefix=""))
    return {name: text for name in DATE_VALUES if (text := texts.of(Reference(tuple(name.split(".")))))}


def _own_text(reference: Reference, values: RunValues) -> str | None:
    """The text of a parameter or of a step's output."""
    match reference.parts:
        case ("params", name):
            value = values.params.get(name)
            return None if value is None else scalar_text(value)
        case ("steps", name, "output"):
            return values.step_outputs.get(name)
        case ("steps", name, "output_uri") if name in values.step_outputs:
            return output_uri_of(values.step_outputs[name])
    return None


def _advice(reference: Reference) -> str:
    match reference.root:
        case "params":
            return "set the parameter in the run's configuration, or give it a default"
        case "steps":
            return "that step has not written its output yet"
        case _:
            return "only a task of a run knows it"

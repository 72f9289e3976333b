"""A plan as the Markdown that Airflow shows for the DAG and its tasks. Pure text work."""

from __future__ import annotations

import html
from typing import Any

from emr_pipelines.plan.kinds.argv import command_line
from emr_pipelines.plan.model import ParamPlan, Plan, StepPlan
from emr_pipelines.plan.runs.run_range import words_of_range


def describe_plan(plan: Plan) -> str:
    """The DAG's documentation: what it is, its cluster, and a table of its steps. Text from the spec is escaped, so it cannot bring HTML into the UI."""
    lines = [
        html.escape(plan.description),
        "",
        f"Environment `{plan.environment}`, connection `{plan.connection.id}`, spec `{plan.spec_file}` ({plan.spec_digest}).",
        "",
        *_describe_dates(plan),
    ]
    lines += [
        _describe_cluster(plan),
        "",
        "| Step | Kind | After | Output | Published to |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [_row(step) for step in plan.steps]
    return "\n".join(lines)


def describe_param(param: ParamPlan) -> dict[str, Any]:
    """The JSON Schema of a parameter for the trigger form, whose help names the range: the form itself shows it only once a value is refused."""
    schema = dict(param.schema)
    words = [f"{word} {schema[key]}" for word, key in (("from", "minimum"), ("to", "maximum")) if key in schema]
    if not words:
        return schema
    text = " ".join(words).capitalize()
    described = schema.get("description", "").rstrip().removesuffix(".")
    return {**schema, "description": f"{described}. {text}." if described else f"{text}."}


def describe_step(step: StepPlan) -> str:
    """A task's documentation: the step's description and its command line, with the jar where it is one of its own."""
    arguments = " ".join(command_line(step.request))
    return f"{html.escape(step.description)}\n\n    {html.escape(arguments)}\n"


def _describe_dates(plan: Plan) -> list[str]:
    if plan.schedule is None:
        return []
    return [f"The schedule goes {words_of_range(plan)}; a run that you start yourself may have any date.", ""]


def _describe_cluster(plan: Plan) -> str:
    request = plan.cluster.request
    if request is None:
        return f"Uses the long-running cluster `{plan.cluster.existing_id or plan.cluster.existing_name}` and never terminates it."
    applications = ", ".join(application["Name"] for application in request.get("Applications", []))
    return f"Creates a cluster of release `{request.get('ReleaseLabel', 'a custom one')}` ({applications}) for each run and always terminates it."


def _row(step: StepPlan) -> str:
    output = step.output
    cells = (
        f"`{step.name}`",
        step.kind,
        ", ".join(f"`{name}`" for name in step.upstream) or "-",
        output.format if output else "-",
        f"`{output.publish}`" if output and output.publish else "-",
    )
    return "| " + " | ".join(cells) + " |"

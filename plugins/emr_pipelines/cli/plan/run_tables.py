"""The tables of a plan's run: when and where it runs, its tasks in order, the inputs that are looked at first. Reads the report and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emr_pipelines.cli.plan.layout import Shown, duration, table
from emr_pipelines.cli.plan.report import PlanReport
from emr_pipelines.pipeline_spec.notation.task_names import CREATE_TASK, PUBLISH_TASK, TERMINATE_TASK, VERDICT_TASK
from emr_pipelines.plan.model import Plan, StepPlan
from emr_pipelines.plan.runs.run_range import words_outside


def show_run(report: PlanReport) -> list[Shown]:
    """What the pipeline is, where and when it runs, and its parameters."""
    plan, connection = report.plan, report.plan.connection
    rows: list[tuple[str, object]] = [
        ("pipeline", f"{plan.name}: {plan.description}" if plan.description else plan.name),
        ("spec", f"{plan.spec_file} ({plan.spec_digest})"),
        (
            "environment",
            f"{plan.environment}, connection {connection.id}, {connection.endpoint_url or connection.region}",
        ),
        ("schedule", plan.schedule or "manual runs only"),
        ("dates", f"{plan.start_date or 'any'} to {plan.end_date or 'any'}, catchup {'on' if plan.catchup else 'off'}"),
        *((("this run", words),) if report.run and (words := words_outside(plan, report.run.logical_date)) else ()),
        ("runs at once", plan.max_active_runs),
        ("waits", "in the triggerer" if plan.deferrable else "in workers"),
        *((f"param {param.name}", f"{_text(param.default)} ({_schema_text(param.schema)})") for param in plan.params),
    ]
    return [table("Run", rows=rows)]


def show_tasks(report: PlanReport) -> list[Shown]:
    """The tasks in the order in which they run."""
    rows = ((number, *row) for number, row in enumerate(_task_rows(report.shown_plan), 1))
    return [table("Tasks", "#", "task", "after", "limits", "output", rows=rows)]


def show_inputs(report: PlanReport) -> list[Shown]:
    """The inputs that no step of the pipeline writes; nothing when there are none."""
    rows = [
        (step.name, address, f"{step.on_empty} the run")
        for step in report.shown_plan.steps
        for address in step.external_inputs
    ]
    title = "Inputs looked at before a cluster is created"
    return [table(title, "step", "input", "when it is empty", rows=rows)] if rows else []


def _task_rows(plan: Plan) -> Iterator[tuple[object, ...]]:
    creates = plan.cluster.request is not None
    yield (PUBLISH_TASK, None, None, f"{plan.bucket}/code/…")
    used = None if creates else f"uses {plan.cluster.existing_id or plan.cluster.existing_name}"
    yield (CREATE_TASK, PUBLISH_TASK, None, used)
    for step in plan.steps:
        yield (step.name, ", ".join(step.upstream) or CREATE_TASK, _limits(step), _output(step))
    if creates:
        yield (TERMINATE_TASK, "all steps, whatever happens", None, None)
    yield (VERDICT_TASK, "everything, whatever happens", "fails unless every step ran and was verified", None)


def _limits(step: StepPlan) -> str:
    queue = duration(step.queue_timeout_seconds)
    parts = (
        duration(step.timeout_seconds),
        queue and f"in the queue {queue}",
        step.retries and f"retries {step.retries}",
    )
    return ", ".join(str(part) for part in parts if part)


def _output(step: StepPlan) -> str | None:
    if step.output is None:
        return None
    published = f", published to {step.output.publish}" if step.output.publish else ""
    return f"{step.output.format}{published}"


def _text(value: object) -> str:
    return "none" if value is None else str(value)


def _schema_text(schema: dict[str, Any]) -> str:
    declared = schema["type"]
    types = declared if isinstance(declared, str) else " or ".join(declared)
    bounds = [f"{key} {schema[key]}" for key in ("minimum", "maximum", "enum") if key in schema]
    return ", ".join([types, *bounds])

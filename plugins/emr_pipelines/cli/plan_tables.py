"""A plan as tables for people. Reads the plan and nothing else; the verb prints what it returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.markup import escape
from rich.table import Column, Table

from emr_pipelines.plan.binding import BoundRun
from emr_pipelines.plan.model import Plan, StepPlan
from emr_pipelines.spec.rules_arguments import MAX_CHARACTERS
from emr_pipelines.spec.rules_steps import MAX_STEPS
from emr_pipelines.spec.task_names import CREATE_TASK, PUBLISH_TASK, TERMINATE_TASK

_NONE = "-"


def plan_tables(plan: Plan, bound: BoundRun | None) -> list[Table]:
    """The whole plan as tables; with a bound run its characters are counted as they are sent."""
    inputs = [_input_table(plan)] if any(step.external_inputs for step in plan.steps) else []
    return [
        _run_table(plan),
        _task_table(plan),
        *inputs,
        _cluster_table(plan),
        _artifact_table(plan),
        _limit_table(plan, bound),
    ]


def _table(title: str, *columns: str, rows: Iterable[Iterable[object]]) -> Table:
    # Text of a spec may hold square brackets, which are markup for rich.
    # An address that does not fit is folded: cut off, it would hide what it is about.
    named = [Column(name, overflow="fold") for name in columns]
    table = Table(*named, title=title, title_justify="left", show_header=bool(columns), expand=False)
    for row in rows:
        table.add_row(*(escape(_NONE if cell in (None, "") else str(cell)) for cell in row))
    return table


def _run_table(plan: Plan) -> Table:
    connection = plan.connection
    rows: list[tuple[str, object]] = [
        ("pipeline", f"{plan.name}: {plan.description}" if plan.description else plan.name),
        ("spec", f"{plan.spec_file} ({plan.spec_digest})"),
        (
            "environment",
            f"{plan.environment}, connection {connection.id}, {connection.endpoint_url or connection.region}",
        ),
        ("schedule", plan.schedule or "manual runs only"),
        ("dates", f"{plan.start_date or 'any'} to {plan.end_date or 'any'}, catchup {'on' if plan.catchup else 'off'}"),
        ("runs at once", plan.max_active_runs),
        ("waits", "in the triggerer" if plan.deferrable else "in workers"),
        *((f"param {param.name}", f"{_text(param.default)} ({_schema_text(param.schema)})") for param in plan.params),
    ]
    return _table("Run", rows=rows)


def _task_table(plan: Plan) -> Table:
    return _table(
        "Tasks",
        "#",
        "task",
        "after",
        "limits",
        "output",
        rows=((number, *row) for number, row in enumerate(_task_rows(plan), 1)),
    )


def _task_rows(plan: Plan) -> Iterator[tuple[object, ...]]:
    creates = plan.cluster.request is not None
    yield (PUBLISH_TASK, None, None, f"{plan.bucket}/code/…")
    used = None if creates else f"uses {plan.cluster.existing_id or plan.cluster.existing_name}"
    yield (CREATE_TASK, PUBLISH_TASK, None, used)
    for step in plan.steps:
        yield (step.name, ", ".join(step.upstream) or CREATE_TASK, _limits(step), _output(step))
    if creates:
        yield (TERMINATE_TASK, "all steps, whatever happens", None, None)


def _limits(step: StepPlan) -> str:
    queue = _duration(step.queue_timeout_seconds)
    parts = (
        _duration(step.timeout_seconds),
        queue and f"in the queue {queue}",
        step.retries and f"retries {step.retries}",
    )
    return ", ".join(str(part) for part in parts if part)


def _output(step: StepPlan) -> str | None:
    if step.output is None:
        return None
    published = f", published to {step.output.publish}" if step.output.publish else ""
    return f"{step.output.format}{published}"


def _input_table(plan: Plan) -> Table:
    rows = ((step.name, address, f"{step.on_empty} the run") for step in plan.steps for address in step.external_inputs)
    return _table("Inputs looked at before a cluster is created", "step", "input", "when it is empty", rows=rows)


def _cluster_table(plan: Plan) -> Table:
    cluster, request = plan.cluster, plan.cluster.request
    if request is None:
        return _table(
            "Cluster", rows=[("long-running", f"{cluster.existing_id or cluster.existing_name}, never terminated")]
        )
    applications = ", ".join(application["Name"] for application in request["Applications"])
    rows: list[tuple[str, object]] = [
        ("name", request["Name"]),
        ("release", f"{request.get('ReleaseLabel')} with {applications}"),
        *_capacity_rows(request["Instances"]),
        ("bootstrap", ", ".join(action["Name"] for action in request.get("BootstrapActions", []))),
        ("steps at once", request.get("StepConcurrencyLevel", 1)),
        ("starts", f"within {_duration(cluster.start_timeout_seconds)}, else another one is launched"),
        (
            "if it is lost",
            "the run goes on with another one" if cluster.replaceable else "the run fails: a step uses HDFS",
        ),
        (
            "ends",
            f"with the run; else after {_duration(cluster.idle_timeout_seconds)} without work, or {_duration(cluster.max_lifetime_seconds)} in all",
        ),
        ("logs", request["LogUri"]),
    ]
    return _table("Cluster", rows=rows)


def _capacity_rows(instances: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """A row for each fleet or group; one that comes from `overrides` may leave out what EMR does not insist on."""
    for fleet in instances.get("InstanceFleets", []):
        amounts = ((fleet.get("TargetOnDemandCapacity"), "on demand"), (fleet.get("TargetSpotCapacity"), "spot"))
        capacity = " + ".join(f"{units} {name}" for units, name in amounts if units)
        types = ", ".join(kind["InstanceType"] for kind in fleet.get("InstanceTypeConfigs", []))
        yield fleet.get("Name", fleet["InstanceFleetType"].lower()), f"{capacity or 'scaled'} of {types}"
    for group in instances.get("InstanceGroups", []):
        market = group.get("Market", "ON_DEMAND").lower().replace("_", " ")
        yield (
            group.get("Name", group["InstanceRole"].lower()),
            f"{group['InstanceCount']} {market} {group['InstanceType']}",
        )


def _artifact_table(plan: Plan) -> Table:
    rows = ((artifact.kind, artifact.source, artifact.target) for artifact in plan.artifacts)
    return _table("Code to publish", "kind", "in the project", "below the code prefix", rows=rows)


def _limit_table(plan: Plan, bound: BoundRun | None) -> Table:
    requests = (
        [step.request for step in plan.steps]
        if bound is None
        else [body["Steps"][0] for body in bound.add_job_flow_steps]
    )
    longest = max(requests, key=count_characters)
    counted = "placeholders as written" if bound is None else "values of this run"
    rows = [
        ("steps", f"{len(requests)} of {MAX_STEPS:,}", None),
        (
            "longest step's characters",
            f"{count_characters(longest):,} of {MAX_CHARACTERS:,}",
            f"{longest['Name'].split()[0]}, {counted}",
        ),
    ]
    return _table("Limits of EMR", "limit", "used", "by", rows=rows)


def count_characters(request: dict[str, Any]) -> int:
    """The characters of a step that EMR counts against its limit."""
    jar_step = request["HadoopJarStep"]
    return len(jar_step["Jar"]) + len(jar_step.get("MainClass", "")) + sum(map(len, jar_step["Args"]))


def _duration(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _text(value: object) -> str:
    return "none" if value is None else str(value)


def _schema_text(schema: dict[str, Any]) -> str:
    declared = schema["type"]
    types = declared if isinstance(declared, str) else " or ".join(declared)
    bounds = [f"{key} {schema[key]}" for key in ("minimum", "maximum", "enum") if key in schema]
    return ", ".join([types, *bounds])

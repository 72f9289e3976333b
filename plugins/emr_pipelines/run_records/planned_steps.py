"""The steps of one run as its plan says them, with the run's own values put in. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emr_pipelines.pipeline_spec.notation.s3_places import RUNS
from emr_pipelines.plan.keys import run_key, step_family
from emr_pipelines.plan.runs.run_binding import RunValues, UnboundPlaceholder, bind_request
from emr_pipelines.storage.run_records import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step of a run: what its attempts have in common on EMR (`family`), where they lie, and what is expected of its output.

    `prefix` is that of an attempt with `${step.attempt}` still in it, None without an output; `publish` the place where a verified output goes.
    """

    name: str
    kind: str
    family: str
    folder: str
    upstream: tuple[str, ...] = ()
    prefix: str | None = None
    publish: str | None = None
    success_marker: bool = True
    min_files: int = 1
    skips_when_empty: bool = False

    def output_of(self, label: str) -> str | None:
        """The prefix to which the attempt with this label writes."""
        return None if self.prefix is None else self.prefix.replace("${step.attempt}", label)


def steps_of_run(plan: Mapping[str, Any], run: RunRecord) -> tuple[PlannedStep, ...]:
    """The steps of a recorded plan (as JSON) in the order in which they run."""
    values = _values_of(run)
    return tuple(_step_of(step, plan["bucket"], run, values) for step in plan["steps"])


def cluster_of_plan(plan: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The id or the name of the long-running cluster that the plan uses; both None where each run makes its own."""
    cluster = plan["cluster"]
    return cluster["existing_id"], cluster["existing_name"]


def names_of(steps: Sequence[PlannedStep]) -> tuple[str, ...]:
    """The names of the steps."""
    return tuple(step.name for step in steps)


def _step_of(step: Mapping[str, Any], bucket: str, run: RunRecord, values: RunValues) -> PlannedStep:
    output = step["output"]
    prefix = None if output is None else str(bind_request(output["prefix"], values))
    folder = f"{bucket}/{RUNS}/{run.pipeline}/{run.folder}/{step['name']}"
    return PlannedStep(
        name=step["name"],
        kind=step["kind"],
        family=step_family(run.pipeline, run.run_id, step["name"]),
        folder=folder if prefix is None else prefix.rpartition("/")[0],
        upstream=tuple(step["upstream"]),
        prefix=prefix,
        publish=_bound(output and output["publish"], values),
        success_marker=bool(output and output["success_marker"]),
        min_files=output["min_files"] if output else 0,
        skips_when_empty=step.get("on_empty") == "skip",
    )


def _bound(place: str | None, values: RunValues) -> str | None:
    """The place with the run's values; None also where a parameter has no value, with which the run cannot have published."""
    try:
        return place and str(bind_request(place, values))
    except UnboundPlaceholder:
        return None


def _values_of(run: RunRecord) -> RunValues:
    values = RunValues(
        run_id=run.run_id,
        run_key=run_key(run.pipeline, run.run_id),
        year=run.year,
        logical_date=dt.date.fromisoformat(run.date),
        params=dict(run.params),
        code_prefix=run.code_prefix,
    )
    # An attempt's label is put in later: one step has several.
    return replace(values, step_attempt="${step.attempt}")

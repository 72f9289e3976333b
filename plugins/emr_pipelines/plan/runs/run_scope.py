"""What one run does of a pipeline: all of it, or some of its steps against outputs that exist; and what each output comes from. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emr_pipelines.pipeline_spec.references import ancestors_of
from emr_pipelines.plan.model import Plan, StepPlan
from emr_pipelines.plan.runs.used_values import used_values

_DIGITS = 16
_MIDNIGHT = "T00:00:00+00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOrigin:
    """What a step's output comes from. `values` holds what the step and those before it use of the run, by name: its text, which may be a placeholder.

    `definition` stands for the part of the spec that these steps are. Both leave out all other steps: an edit of a later one changes no earlier output.
    """

    values: Mapping[str, str]
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScope:
    """The plan of a run, and for each of its steps with an output where that comes from.

    `is_whole` is false when only some steps of the pipeline run; `keeps_cluster` when the cluster waits for the next run instead of ending with this one.
    """

    plan: Plan
    origins: Mapping[str, OutputOrigin]
    date: str = "${run.date}"
    is_whole: bool = True
    keeps_cluster: bool = False

    @property
    def ends_cluster(self) -> bool:
        """Whether the run terminates its cluster."""
        return self.plan.cluster.request is not None and not self.keeps_cluster


def whole_run(plan: Plan) -> RunScope:
    """A run of all steps."""
    return RunScope(plan=plan, origins=output_origins(plan))


def output_origins(plan: Plan) -> dict[str, OutputOrigin]:
    """Where the output of each step comes from, its values as placeholders."""
    before = ancestors_of({step.name: step.upstream for step in plan.steps})
    return {
        step.name: _origin_of([one for one in plan.steps if one is step or one.name in before[step.name]])
        for step in plan.steps
        if step.output is not None
    }


def latest_record(scope: RunScope, step: StepPlan) -> dict[str, Any]:
    """What is recorded of a step's output (see storage.latest_outputs) as far as the plan says it, with placeholders."""
    origin, plan = scope.origins[step.name], scope.plan
    return {
        "pipeline": plan.name,
        "step": step.name,
        "date": scope.date,
        "values": dict(origin.values),
        "definition": origin.definition,
        "spec_digest": plan.spec_digest,
    }


def place_claim(scope: RunScope, step: StepPlan) -> dict[str, Any] | None:
    """What the step claims when it publishes (see storage.owners), as far as the plan says it, with placeholders; None for one that does not publish.

    `moment` is empty where only the run knows its own.
    """
    plan = scope.plan
    if step.output is None or step.output.publish is None:
        return None
    return {
        "place": step.output.publish,
        "bucket": plan.bucket,
        "logs": (plan.cluster.request or {}).get("LogUri"),
        "take_over": step.output.take_over or "nothing",
        "pipeline": plan.name,
        "step": step.name,
        "moment": "" if scope.is_whole else f"{scope.date}{_MIDNIGHT}",
        "values": dict(scope.origins[step.name].values),
    }


def moment_of(date: dt.date) -> str:
    """The moment of a run that has a date and no time."""
    return f"{date.isoformat()}{_MIDNIGHT}"


def _origin_of(steps: Sequence[StepPlan]) -> OutputOrigin:
    sent = [[step.name, step.request, step.execution_role] for step in steps]
    names = sorted(used_values(sent))
    return OutputOrigin(values={name: f"${{{name}}}" for name in names}, definition=digest_of(sent))


def digest_of(value: object) -> str:
    """16 hex digits that stand for a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_DIGITS]

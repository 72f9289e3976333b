"""Everything that `emr-pipelines plan` says, as data: what the tables show and what `--json` prints. Does no I/O."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from emr_pipelines.cli.plan.baseline import Difference
from emr_pipelines.errors import Problem
from emr_pipelines.plan.cost.estimate import CostEstimate
from emr_pipelines.plan.differences.plan_record import ArtifactContent, PlanRecord
from emr_pipelines.plan.limits import LimitUse, limits_used
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import BoundRun, RunValues, bind_request
from emr_pipelines.plan.runs.run_dates import ScheduledRun
from emr_pipelines.plan.security.findings import SecurityFinding
from emr_pipelines.plan.sizing_report.cluster_sizing import SizingReport

FORMAT = "emr-pipelines/plan/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOfDate:
    """One run with its values and its exact requests."""

    run_id: str
    logical_date: dt.date
    values: RunValues
    requests: BoundRun


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOfRange:
    """The runs that the schedule gives between two dates."""

    first: dt.date
    last: dt.date
    runs: tuple[ScheduledRun, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """A plan and everything that is said about it; `run`, `runs` and `difference` are there when they were asked for."""

    plan: Plan
    record: PlanRecord
    warnings: tuple[Problem, ...]
    sizing: SizingReport
    cost: CostEstimate
    findings: tuple[SecurityFinding, ...]
    run: RunOfDate | None = None
    runs: RunsOfRange | None = None
    difference: Difference | None = None

    @property
    def shown_plan(self) -> Plan:
        """The plan as its tables show it: with the values of the run, if there is one, in the places where it reads and publishes and in its cluster."""
        if self.run is None:
            return self.plan
        bind = partial(bind_request, values=self.run.values)
        steps = tuple(
            replace(
                step,
                external_inputs=tuple(bind(list(step.external_inputs))),
                output=step.output and replace(step.output, publish=bind(step.output.publish)),
            )
            for step in self.plan.steps
        )
        cluster = replace(self.plan.cluster, request=self.run.requests.run_job_flow)
        return replace(self.plan, steps=steps, cluster=cluster)

    @property
    def artifacts(self) -> tuple[ArtifactContent, ...]:
        """The code to publish."""
        return self.record.artifacts

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        """The StepConfigs: of the run, if there is one, else with placeholders."""
        if self.run is None:
            return [step.request for step in self.plan.steps]
        return [body["Steps"][0] for body in self.run.requests.add_job_flow_steps]

    @property
    def limits(self) -> tuple[LimitUse, ...]:
        """How much of EMR's limits is used."""
        return limits_used(self.plan.cluster.request, self.steps, bound=self.run is not None)

    @property
    def code_states(self) -> Mapping[str, str]:
        """What becomes of each path of the code against the plan that is compared with; empty without a difference."""
        if self.difference is None:
            return {}
        if self.difference.is_new:
            return {artifact.source: "new" for artifact in self.artifacts}
        changed = {change.name: change for change in self.difference.changes if change.part == "code"}
        return {artifact.source: _state(changed, artifact) for artifact in self.artifacts}


def _state(changed: Mapping[str, Any], artifact: ArtifactContent) -> str:
    change = changed.get(artifact.source)
    if change is None:
        return "unchanged"
    return "new" if change.kind == "added" and not change.path else "changed"


def report_json(report: PlanReport) -> dict[str, Any]:
    """The report as one JSON document; every key is always there, null where nothing was asked for."""
    states = report.code_states
    return {
        "format": FORMAT,
        "plan": report.record.plan,
        "code_prefix": report.record.code_prefix,
        "artifacts": [{**asdict(artifact), "state": states.get(artifact.source)} for artifact in report.artifacts],
        "limits": [asdict(use) for use in report.limits],
        "sizing": asdict(report.sizing),
        "cost": asdict(report.cost),
        "security": [asdict(finding) for finding in report.findings],
        "warnings": [asdict(problem) for problem in report.warnings],
        "run": None if report.run is None else _run_json(report.run),
        "runs": None if report.runs is None else _runs_json(report.runs),
        "difference": None if report.difference is None else asdict(report.difference),
    }


def _run_json(run: RunOfDate) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "logical_date": run.logical_date.isoformat(),
        "params": dict(run.values.params),
        "requests": asdict(run.requests),
    }


def _runs_json(runs: RunsOfRange) -> dict[str, Any]:
    return {
        "from": runs.first.isoformat(),
        "to": runs.last.isoformat(),
        "count": len(runs.runs),
        "runs": [{"logical_date": run.logical_date.isoformat(), "values": dict(run.values)} for run in runs.runs],
    }

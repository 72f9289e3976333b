"""One run as a whole: its steps with their attempts and outputs, its clusters, and its state. Clients and the time are passed in; reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emr_pipelines.emr.clusters import find_clusters
from emr_pipelines.emr.steps import describe_failure
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.plan.keys import label_order
from emr_pipelines.run_records.cluster_reports import ClusterReport, report_cluster
from emr_pipelines.run_records.output_reports import (
    PublishedPlace,
    StepOutput,
    published_place,
    verified_output,
)
from emr_pipelines.run_records.own_clusters import NamedCluster, named_clusters, of_pipeline
from emr_pipelines.run_records.planned_steps import PlannedStep, cluster_of_plan, names_of, steps_of_run
from emr_pipelines.run_records.run_choice import ChosenRun
from emr_pipelines.run_records.run_state import (
    NOT_SUBMITTED,
    ClusterFacts,
    RunFacts,
    RunState,
    RunVerdict,
    StepFacts,
    verdict_of,
)
from emr_pipelines.run_records.sources import RunSources
from emr_pipelines.run_records.submitted_steps import SubmittedStep, submitted_steps
from emr_pipelines.storage.run_records import RunRecord, read_plan_of_run


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """A step of a run: its attempts, oldest first, its verified output and the place to which it publishes."""

    plan: PlannedStep
    attempts: tuple[SubmittedStep, ...]
    output: StepOutput | None
    place: PublishedPlace | None

    @property
    def name(self) -> str:
        """Its name in the spec."""
        return self.plan.name

    @property
    def latest(self) -> SubmittedStep | None:
        """The attempt that counts."""
        return self.attempts[-1] if self.attempts else None

    @property
    def state(self) -> str:
        """EMR's state of the latest attempt; `-` before the first, and of one that EMR has forgotten."""
        return NOT_SUBMITTED if self.latest is None else self.latest.state

    @property
    def is_verified(self) -> bool:
        """Whether the output is that of the latest attempt: after a clear that of an earlier one is there, too."""
        return self.output is not None and (self.latest is None or self.latest.label == self.output.label)

    @property
    def reason(self) -> str:
        """What EMR says of an attempt that failed."""
        latest = self.latest
        failed = latest is not None and not latest.is_active and latest.state != "COMPLETED"
        return describe_failure(latest.summary) if latest is not None and failed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run as EMR and S3 tell of it at one moment. `why` says in one sentence what its state comes from."""

    run: RunRecord
    environment: str
    region: str
    state: RunState
    why: str
    began: dt.datetime | None
    ended: dt.datetime | None
    steps: tuple[StepReport, ...]
    clusters: tuple[ClusterReport, ...]
    recorded: bool = True

    @property
    def is_over(self) -> bool:
        """Whether nothing more will change: it is decided, and no cluster of its own is left."""
        return self.state != "running" and all(one.has_ended for one in self.clusters if one.is_own)


def report_run(
    sources: RunSources, chosen: ChosenRun, *, now: dt.datetime, listed: Sequence[NamedCluster] | None = None
) -> RunReport:
    """Everything about the run. `listed` are all clusters that may be its own, where somebody has listed them already."""
    follows_plan = chosen.recorded_at is not None and not chosen.record.refusal
    plan = read_plan_of_run(sources.s3, sources.bucket, chosen.record) if follows_plan else None
    planned = () if plan is None else steps_of_run(plan.plan, chosen.record)
    families = {step.family for step in planned}
    known = named_clusters(sources.api, since=chosen.recorded_at) if listed is None else listed
    named = of_pipeline(known, chosen.record.pipeline)
    own = [one for one in named if one.key == chosen.key]
    submitted = [step for one in reversed(own) for step in submitted_steps(sources.api, one.cluster_id)]
    shared = () if own or plan is None else _shared_clusters(sources, plan.plan, chosen)
    found_on = {}
    for cluster_id in shared:
        found = [step for step in submitted_steps(sources.api, cluster_id) if step.family in families]
        found_on[cluster_id] = bool(found)
        submitted += found
    steps = _steps(sources, planned or _unplanned(submitted), submitted)
    ids = [(one.cluster_id, True) for one in reversed(own)]
    ids += [(cluster_id, False) for cluster_id, used in found_on.items() if used]
    reports = (report_cluster(sources.api, cluster_id, now=now, is_own=is_own) for cluster_id, is_own in ids)
    return _report(sources, chosen, steps, tuple(one for one in reports if one is not None), now)


def _shared_clusters(sources: RunSources, plan: Mapping[str, Any], chosen: ChosenRun) -> list[str]:
    """The clusters that a run may use which makes none under its own key: the long-running one of the spec, else those that wait for runs of single steps."""
    existing_id, existing_name = cluster_of_plan(plan)
    if existing_id is not None:
        return [existing_id]
    if existing_name is not None:
        return find_clusters(sources.api, name=existing_name)
    if chosen.record.is_whole:
        return []
    # A waiting cluster is older than the run.
    of_this = of_pipeline(named_clusters(sources.api), chosen.record.pipeline)
    return [one.cluster_id for one in of_this if _may_have_run(one, chosen)]


def _may_have_run(cluster: NamedCluster, chosen: ChosenRun) -> bool:
    return chosen.recorded_at is not None and cluster.created < chosen.recorded_at + dt.timedelta(hours=1)


def _unplanned(submitted: Iterable[SubmittedStep]) -> tuple[PlannedStep, ...]:
    """The steps of a run without a record, as their names on EMR tell them."""
    by_name = {step.name: step.family for step in submitted}
    return tuple(PlannedStep(name=name, kind="", family=family, folder="") for name, family in by_name.items())


def _steps(
    sources: RunSources, planned: Sequence[PlannedStep], submitted: Sequence[SubmittedStep]
) -> tuple[StepReport, ...]:
    reports = []
    for step in planned:
        attempts = sorted(
            (one for one in submitted if one.family == step.family), key=lambda one: label_order(one.label)
        )
        output = verified_output(sources.s3, step) if step.prefix else None
        place = published_place(sources.s3, step, output)
        reports.append(StepReport(plan=step, attempts=tuple(attempts), output=output, place=place))
    return tuple(reports)


def _report(
    sources: RunSources,
    chosen: ChosenRun,
    steps: tuple[StepReport, ...],
    clusters: tuple[ClusterReport, ...],
    now: dt.datetime,
) -> RunReport:
    attempts = [one for step in steps for one in step.attempts]
    created = [*_known(one.created for one in attempts), *_known(one.created for one in clusters)]
    ended = [*_known(one.ended for one in attempts)] or [*_known(one.ended for one in clusters)]
    began = chosen.recorded_at or min(created, default=None)
    facts = RunFacts(
        steps=[_facts_of(step) for step in steps],
        clusters=[_cluster_facts(one) for one in clusters],
        last_sign=max([*created, *ended, *_known([began])], default=None),
        now=now,
    )
    verdict = _verdict(chosen, facts)
    return RunReport(
        run=chosen.record,
        environment=sources.environment,
        region=sources.region,
        state=verdict.state,
        why=verdict.why,
        began=began,
        ended=None if verdict.state == "running" else max(ended, default=None),
        steps=steps,
        clusters=clusters,
        recorded=chosen.recorded_at is not None,
    )


def _known(moments: Iterable[dt.datetime | None]) -> Iterator[dt.datetime]:
    return (one for one in moments if one is not None)


def _verdict(chosen: ChosenRun, facts: RunFacts) -> RunVerdict:
    if chosen.record.refusal:
        return RunVerdict(state="skipped" if chosen.record.skipped else "failed", why=chosen.record.refusal)
    verdict = verdict_of(facts)
    if verdict.state == "success" and chosen.recorded_at is None:
        # Which steps it should have had, and whether their outputs were verified, only a record tells.
        return RunVerdict(
            state="incomplete", why="its steps COMPLETED, but it left no record that tells whether these were all"
        )
    return verdict


def _facts_of(step: StepReport) -> StepFacts:
    verified = None if step.plan.prefix is None else step.is_verified
    return StepFacts(name=step.name, state=step.state, verified=verified, skips_when_empty=step.plan.skips_when_empty)


def _cluster_facts(cluster: ClusterReport) -> ClusterFacts:
    return ClusterFacts(
        cluster_id=cluster.cluster_id,
        state=cluster.state,
        reason=cluster.reason,
        is_live=cluster.is_live,
        is_own=cluster.is_own,
    )


def step_named(report: RunReport, name: str) -> StepReport:
    """A step of the run by its name. Raises EmrPipelinesError, with the names that there are, for another."""
    found = next((step for step in report.steps if step.name == name), None)
    if found is None:
        names = names_of([step.plan for step in report.steps])
        raise EmrPipelinesError(
            f"The run {report.run.run_id} of {report.run.pipeline} has no step {name!r}. {suggest(name, names, 'steps')}"
        )
    return found

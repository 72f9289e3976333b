"""The pipelines of a project at a glance: schedule, next run, newest run, live clusters. Clients and the time are passed in; reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_dates import next_run, words_without_next
from emr_pipelines.run_records.own_clusters import NamedCluster, named_clusters, of_pipeline
from emr_pipelines.run_records.run_choice import RunFilter, choose_run
from emr_pipelines.run_records.run_report import RunReport, report_run
from emr_pipelines.run_records.sources import RunSources
from emr_pipelines.storage.run_records import list_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPipeline:
    """A pipeline: its schedule (None: manual runs only), the next date of it, or why there is none; its newest run's id, state and beginning, and its steps if it is one of single steps; its live clusters."""

    name: str
    description: str
    schedule: str | None
    next_run: str
    run_id: str | None = None
    date: str | None = None
    state: str | None = None
    why: str = ""
    began: dt.datetime | None = None
    single_steps: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()


def list_pipelines(sources: RunSources, plans: Sequence[Plan], *, now: dt.datetime) -> list[ListedPipeline]:
    """The pipelines in the order of the plans."""
    clusters = named_clusters(sources.api)
    listed = []
    for plan in plans:
        own = of_pipeline(clusters, plan.name)
        has_run = bool(own or list_runs(sources.s3, sources.bucket, plan.name))
        chosen = choose_run(sources, plan.name, RunFilter(), pipelines=[]) if has_run else None
        report = None if chosen is None else report_run(sources, chosen, now=now, listed=own)
        listed.append(_listed(plan, own, report, now=now))
    return listed


def _listed(
    plan: Plan, clusters: Sequence[NamedCluster], report: RunReport | None, *, now: dt.datetime
) -> ListedPipeline:
    following = next_run(plan, now)
    spec = ListedPipeline(
        name=plan.name,
        description=plan.description,
        schedule=plan.schedule,
        next_run=words_without_next(plan) if following is None else f"{following:%Y-%m-%d %H:%M}",
        clusters=tuple(one.cluster_id for one in clusters if one.is_live),
    )
    if report is None:
        return spec
    return replace(
        spec,
        run_id=report.run.run_id,
        date=report.run.date,
        state=report.state,
        why=report.why,
        began=report.began,
        single_steps=() if report.run.is_whole else tuple(step.name for step in report.steps),
    )

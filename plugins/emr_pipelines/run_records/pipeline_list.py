"""The pipelines of a project at a glance: schedule, next run, newest run, live clusters. Clients and the time are passed in; reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_dates import next_run, words_without_next
from emr_pipelines.run_records.own_clusters import named_clusters, of_pipeline
from emr_pipelines.run_records.run_choice import RunFilter, choose_run
from emr_pipelines.run_records.run_report import report_run
from emr_pipelines.run_records.sources import RunSources
from emr_pipelines.storage.run_records import list_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPipeline:
    """A pipeline: its schedule (None: manual runs only), the next date of it, or why there is none; its newest run's id, state and beginning; its live clusters."""

    name: str
    description: str
    schedule: str | None
    next_run: str
    run_id: str | None = None
    date: str | None = None
    state: str | None = None
    why: str = ""
    began: dt.datetime | None = None
    clusters: tuple[str, ...] = ()


def list_pipelines(sources: RunSources, plans: Sequence[Plan], *, now: dt.datetime) -> list[ListedPipeline]:
    """The pipelines in the order of the plans."""
    clusters = named_clusters(sources.api)
    listed = []
    for plan in plans:
        live = tuple(one.cluster_id for one in of_pipeline(clusters, plan.name) if one.is_live)
        has_run = bool(list_runs(sources.s3, sources.bucket, plan.name) or of_pipeline(clusters, plan.name))
        listed.append(_listed(sources, plan, live, has_run=has_run, now=now))
    return listed


def _listed(
    sources: RunSources, plan: Plan, live: tuple[str, ...], *, has_run: bool, now: dt.datetime
) -> ListedPipeline:
    found = next_run(plan, now)
    report = (
        report_run(sources, choose_run(sources, plan.name, RunFilter(), pipelines=[]), now=now) if has_run else None
    )
    return ListedPipeline(
        name=plan.name,
        description=plan.description,
        schedule=plan.schedule,
        next_run=words_without_next(plan) if found is None else f"{found:%Y-%m-%d %H:%M}",
        run_id=report.run.run_id if report else None,
        date=report.run.date if report else None,
        state=report.state if report else None,
        why=report.why if report else "",
        began=report.began if report else None,
        clusters=live,
    )

"""The sections of `emr-pipelines plan`, in the order in which they are shown. Reads the report and nothing else; the verb prints what it returns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from rich.text import Text

from emr_pipelines.cli.plan.cluster_table import show_cluster
from emr_pipelines.cli.plan.difference_view import show_difference
from emr_pipelines.cli.plan.judgement_views import show_cost, show_security, show_sizing, show_warnings
from emr_pipelines.cli.plan.layout import Shown
from emr_pipelines.cli.plan.report import PlanReport
from emr_pipelines.cli.plan.request_views import show_artifacts, show_limits, show_requests, show_runs
from emr_pipelines.cli.plan.run_tables import show_inputs, show_run, show_tasks
from emr_pipelines.cli.plan.summary import show_summary

SECTIONS: Mapping[str, Callable[[PlanReport], list[Shown]]] = {
    "run": show_run,
    "tasks": show_tasks,
    "inputs": show_inputs,
    "cluster": show_cluster,
    "artifacts": show_artifacts,
    "requests": show_requests,
    "runs": show_runs,
    "limits": show_limits,
    "sizing": show_sizing,
    "cost": show_cost,
    "security": show_security,
    "warnings": show_warnings,
    "difference": show_difference,
}


# Chooses all of them that have something to say.
ALL = "all"


def plan_sections(report: PlanReport, chosen: Collection[str], *, width: int) -> Iterator[Shown]:
    """The chosen sections. Without a choice the summary, what is to be looked at before a run, and what was asked for by another option."""
    if not chosen:
        yield from show_summary(report, width=width)
        yield from _without_choice(report)
        return
    for name, show in SECTIONS.items():
        # Without a date the requests are full of placeholders, which few want to see.
        if name in chosen or (ALL in chosen and (name != "requests" or report.run is not None)):
            yield from show(report)


def _without_choice(report: PlanReport) -> Iterator[Shown]:
    yield from show_runs(report)
    if report.difference is not None:
        yield from show_difference(report)
    yield from show_warnings(report)
    # At an endpoint of its own, which is a laptop's, nothing is exposed: the count in the summary is enough.
    is_on_aws = report.plan.connection.endpoint_url is None
    if is_on_aws and any(finding.severity != "note" and not finding.suppressed for finding in report.findings):
        yield from show_security(report)
    yield Text(f"\nMore: --show {ALL}, or one of {', '.join(SECTIONS)}", style="dim")

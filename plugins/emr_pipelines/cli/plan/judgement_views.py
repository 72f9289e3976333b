"""What is to be thought of a plan: how its executors fit, what it costs, what is unsafe, and what validate warns of. Reads the report and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rich.text import Text

from emr_pipelines.cli.audit.finding_texts import finding_text
from emr_pipelines.cli.plan.layout import Shown, heading, table
from emr_pipelines.cli.plan.report import PlanReport
from emr_pipelines.plan.cost.rows import COST_COLUMNS, cost_rows, cost_summary
from emr_pipelines.plan.security.findings import Severity
from emr_pipelines.plan.sizing_report.sizing_rows import sizing_rows

_STYLES: Mapping[Severity, str] = {"error": "red", "warning": "yellow", "note": ""}
_ACCEPTED = "dim"


def show_sizing(report: PlanReport) -> list[Shown]:
    """The nodes, the executors, and what they leave idle."""
    sizing = report.sizing
    shown: list[Shown] = [table(f"Sizing: {one.title}", *one.columns, rows=one.rows) for one in sizing_rows(sizing)]
    if sizing.note:
        shown += [heading("Sizing"), Text(sizing.note)]
    if sizing.unknown_types:
        told = f"Not in the table of {sizing.as_of}, so not counted: {', '.join(sizing.unknown_types)}."
        shown.append(Text(told, style="yellow"))
    return shown


def show_cost(report: PlanReport) -> list[Shown]:
    """What the cluster costs, with the date and source of every price."""
    rows = cost_rows(report.cost)
    parts: list[Shown] = [table("Cost", *COST_COLUMNS, rows=rows)] if rows else [heading("Cost")]
    # No rows without borders: sources and notes are long sentences, which a narrow terminal would make columns of words.
    return [*parts, *(Text(f"{label}: {text}") for label, text in cost_summary(report.cost))]


def show_security(report: PlanReport) -> list[Shown]:
    """Each finding with what to do, the accepted ones last."""
    if not report.findings:
        return [heading("Security: no findings")]
    open_ones = [finding for finding in report.findings if not finding.suppressed]
    accepted = [finding for finding in report.findings if finding.suppressed]
    counts = Counter(finding.severity for finding in open_ones)
    told = [
        f"{counts[severity]} {severity}{'s' if counts[severity] > 1 else ''}"
        for severity in _STYLES
        if counts[severity]
    ]
    told += [f"{len(accepted)} accepted"] if accepted else []
    lines = [Text(finding_text(finding), style=_STYLES[finding.severity]) for finding in open_ones]
    return [
        heading(f"Security: {', '.join(told)}"),
        *lines,
        *(Text(finding_text(finding), style=_ACCEPTED) for finding in accepted),
    ]


def show_warnings(report: PlanReport) -> list[Shown]:
    """The warnings of validate; nothing when there are none."""
    if not report.warnings:
        return []
    return [heading("Warnings of validate"), *(Text(str(problem), style="yellow") for problem in report.warnings)]

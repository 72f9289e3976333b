"""The first lines of `emr-pipelines plan`: what, how big, how much, what it reads, what it publishes, what is wrong. Reads the report and nothing else."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from emr_pipelines.cli.plan.cluster_table import capacity_rows
from emr_pipelines.cli.plan.report import PlanReport
from emr_pipelines.plan.cost.rows import cost_summary
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.findings import SEVERITIES

_LABEL = 11
_INDENT = "  "


def show_summary(report: PlanReport, *, width: int) -> Iterator[Text]:
    """The lines, folded between words at this width; an address is never folded here, but by the terminal, so that it can be copied."""
    yield Text(_folded("", _title(report), width), style="bold")
    for label, texts in _rows(report):
        for number, text in enumerate(texts):
            yield Text(_folded(f"{_INDENT}{label if number == 0 else '':<{_LABEL}}", text, width))


def _folded(start: str, text: str, width: int) -> str:
    """The text beside its label; what does not fit goes on below itself."""
    lines = textwrap.wrap(
        text,
        max(width, len(start) + 20),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def _title(report: PlanReport) -> str:
    plan, count = report.plan, len(report.plan.steps)
    steps = f"{count} step{_s(count)}"
    place = plan.connection.endpoint_url or plan.connection.region
    if report.runs is not None:
        count = len(report.runs.runs)
        when = f"{count:,} run{_s(count)} from {report.runs.first} to {report.runs.last}"
    elif report.run is not None:
        when = f"the run of {report.run.logical_date}"
    elif plan.schedule is None:
        when = "runs when somebody starts it"
    else:
        when = f"runs {plan.schedule}{_dates(plan)}"
    return f"{plan.name} in {plan.environment} ({place}): {steps}, {when}"


def _dates(plan: Plan) -> str:
    first = f" from {plan.start_date}" if plan.start_date else ""
    return f"{first} to {plan.end_date}" if plan.end_date else first


def _rows(report: PlanReport) -> Iterator[tuple[str, Sequence[str]]]:
    plan = report.shown_plan
    yield "cluster", [_cluster(plan)]
    yield "cost", [_cost(report)]
    yield "reads", _distinct(address for step in plan.steps for address in step.external_inputs) or ["nothing"]
    published = [step.output.publish for step in plan.steps if step.output and step.output.publish]
    yield "publishes", published or ["nothing"]
    yield "problems", [_problems(report)]


def _cluster(plan: Plan) -> str:
    request = plan.cluster.request
    if request is None:
        return f"the long-running {plan.cluster.existing_id or plan.cluster.existing_name}"
    parts = "; ".join(f"{part} {capacity}" for part, capacity in capacity_rows(request["Instances"]))
    return f"a new one, {request.get('ReleaseLabel')}: {parts}"


def _cost(report: PlanReport) -> str:
    told = dict(cost_summary(report.cost))
    # What the cost's own summary calls its sums; the section `cost` has the rest: parts, notes, sources.
    runs = f"{report.cost.runs:,} runs"
    labels = {"an hour": "an hour", "a run": "a run", runs: f"for {runs}"}
    sums = [
        f"{told[one]} {said}" for one, said in labels.items() if one in told and not told[one].startswith("not known")
    ]
    if not sums:
        return "nothing of its own" if report.plan.cluster.request is None else "no price is known: see --show cost"
    unknown = "" if report.cost.per_run is not None else "; how long a run takes is not known (--hours)"
    where = "on AWS " if report.plan.connection.endpoint_url else ""
    return f"{where}{'; '.join(sums)}{unknown}"


def _problems(report: PlanReport) -> str:
    warnings = len(report.warnings)
    found = Counter(finding.severity for finding in report.findings if not finding.suppressed)
    told = [f"{warnings} warning{_s(warnings)} of validate"] if warnings else []
    told += [
        f"{found[severity]} security {severity}{_s(found[severity])}"
        for severity in SEVERITIES[::-1]
        if found[severity]
    ]
    return ", ".join(told) or "none"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _distinct(addresses: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(addresses))

"""`emr-pipelines audit`: looks at pipelines with the security rules, offline. Imports neither Airflow nor boto3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from emr_pipelines.cli.audit.finding_texts import audit_text, rule_table
from emr_pipelines.cli.audit.junit import junit_report
from emr_pipelines.cli.audit.sarif import sarif_report
from emr_pipelines.cli.project.options import EnvironmentOption, Project, load_project
from emr_pipelines.cli.project.plans import all_plans, plan_of
from emr_pipelines.cli.terminal.file_writing import writing
from emr_pipelines.cli.terminal.json_text import json_text
from emr_pipelines.plan.security.findings import SecurityFinding, Severity, rank
from emr_pipelines.plan.security.registry import check_security
from emr_pipelines.plan.security.suppressions import find_unused_in_environment

Findings = Mapping[str, Sequence[SecurityFinding]]


class FailOn(StrEnum):
    """The least severity that makes the command fail."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Format(StrEnum):
    """What the report is for."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


def audit_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Pipelines; default: all in config/pipelines.")
    ] = None,
    env: EnvironmentOption = None,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 from this severity on.")] = FailOn.ERROR,
    report_format: Annotated[Format, typer.Option("--format", help="Form of the report.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Print the table of all rules and do nothing else.")] = False,
) -> None:
    """Look for what is unsafe, before anything is launched. Exits with 1 for findings from --fail-on on that are not suppressed.

    Example: emr-pipelines audit --env aws --fail-on warning
    """
    if rules:
        typer.echo(rule_table())
        return
    project = load_project(env)
    found = _find(project, names or [])
    _write(_REPORTS[report_format](project.environment.name, found, fail_on.value), output)
    if has_findings(found, fail_on.value):
        raise typer.Exit(1)


def has_findings(found: Findings, fail_on: Severity) -> bool:
    """Whether there is a finding of this severity or a graver one that nobody has accepted."""
    return any(
        not finding.suppressed and rank(finding.severity) >= rank(fail_on)
        for findings in found.values()
        for finding in findings
    )


def _find(project: Project, names: Sequence[str]) -> Findings:
    """The findings of each pipeline; only with all of them can be said which suppressions of the environment nothing needs."""
    today = dt.datetime.now(dt.UTC).date()
    plans = [plan_of(project, name) for name in dict.fromkeys(names)] if names else all_plans(project)
    found = {plan.name: check_security(plan, today=today) for plan in plans}
    if not names:
        everything = [finding for findings in found.values() for finding in findings]
        found[f"environment {project.environment.name}"] = tuple(find_unused_in_environment(plans, everything))
    return found


def _write(report: str, output: Path | None) -> None:
    if output is None:
        typer.echo(report)
        return
    with writing(output, "--output"):
        output.write_text(f"{report}\n", encoding="utf-8")
    typer.echo(f"{output} written", err=True)


def _json_report(environment: str, found: Findings, _fail_on: Severity) -> str:
    pipelines = {name: [asdict(finding) for finding in findings] for name, findings in found.items()}
    return json_text({"environment": environment, "findings": pipelines})


_REPORTS: dict[Format, Callable[[str, Findings, Severity], str]] = {
    Format.TABLE: audit_text,
    Format.JSON: _json_report,
    Format.SARIF: sarif_report,
    Format.JUNIT: junit_report,
}

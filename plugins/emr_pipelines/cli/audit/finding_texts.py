"""Security findings and rules as people read them. Reads findings and nothing else; the verb prints what it returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from emr_pipelines.plan.security.findings import SEVERITIES, SecurityFinding, SecurityRule, Severity, rank
from emr_pipelines.plan.security.registry import RULES
from emr_pipelines.plan.security.suppressions import SUPPRESSION_RULES

_COLUMNS = ("Rule", "Severity", "Fires on", "checkov", "cdk-nag", "cfn_nag", "prowler", "Security Hub")


def audit_text(environment: str, found: Mapping[str, Sequence[SecurityFinding]], _fail_on: Severity) -> str:
    """Each finding once, with all its places and pipelines, the gravest first, and a line that counts them."""
    groups: dict[SecurityFinding, list[tuple[str, str]]] = {}
    for name, findings in found.items():
        for finding in findings:
            groups.setdefault(replace(finding, place=""), []).append((finding.place, name))
    ordered = sorted(groups, key=lambda finding: (finding.suppressed, -rank(finding.severity)))
    blocks = [_group_text(finding, groups[finding]) for finding in ordered]
    return "\n".join([*blocks, _summary(environment, ordered)])


def _group_text(finding: SecurityFinding, owners: Sequence[tuple[str, str]]) -> str:
    places, pipelines = (list(dict.fromkeys(column)) for column in zip(*owners, strict=True))
    return finding_text(replace(finding, place=", ".join(places)), pipelines)


def finding_text(finding: SecurityFinding, pipelines: Sequence[str] = ()) -> str:
    """A finding in some lines: where and what, what to do, why it is accepted, and which pipelines have it."""
    severity = f"{finding.severity}, suppressed" if finding.suppressed else finding.severity
    lines = [f"{finding.place}: {severity}: {finding.rule}: {finding.message}", f"    {finding.fix}"]
    if finding.suppressed:
        lines.append(f"    Accepted: {finding.reason}")
    if pipelines:
        lines.append(f"    In {', '.join(pipelines)}.")
    return "\n".join(lines)


def _summary(environment: str, findings: Sequence[SecurityFinding]) -> str:
    open_ones = [finding for finding in findings if not finding.suppressed]
    counts = [
        _count(sum(finding.severity == severity for finding in open_ones), severity)
        for severity in reversed(SEVERITIES)
    ]
    return f"{environment}: {', '.join(counts)}, {len(findings) - len(open_ones)} suppressed"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def rule_table() -> str:
    """All rules as a table in Markdown."""
    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS), *(tuple(_cells(rule)) for rule in (*RULES, *SUPPRESSION_RULES))]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(rule: SecurityRule) -> Iterator[str]:
    same = rule.equivalents
    yield from (f"`{rule.id}`", rule.severity, rule.title)
    yield from (one or "-" for one in (same.checkov, same.cdk_nag, same.cfn_nag, same.prowler, same.security_hub))

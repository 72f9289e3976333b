"""Applies the suppressions of a plan to its findings, and finds those that have ended or that nothing needs. Pure: today is passed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from emr_pipelines.plan.model import Plan, SuppressionPlan
from emr_pipelines.plan.security.findings import SecurityFinding, SecurityRule

EXPIRED = SecurityRule(id="suppression-expired", severity="warning", title="a suppression whose last day is over")
UNUSED = SecurityRule(id="suppression-unused", severity="warning", title="a suppression that nothing needs")
# They look at suppressions and not at the plan, and cannot be suppressed.
SUPPRESSION_RULES = (EXPIRED, UNUSED)


def apply_suppressions(
    findings: Iterable[SecurityFinding], suppressions: Sequence[SuppressionPlan], today: dt.date | None
) -> Iterator[SecurityFinding]:
    """The findings, those marked that a suppression in force accepts. Without a date all suppressions are in force."""
    in_force = {one.rule: one for one in reversed(suppressions) if not _has_ended(one, today)}
    for finding in findings:
        accepted = in_force.get(finding.rule)
        yield finding if accepted is None else replace(finding, suppressed=True, reason=accepted.reason)


def find_ended(suppressions: Iterable[SuppressionPlan], today: dt.date | None) -> Iterator[SecurityFinding]:
    """A finding for each suppression whose last day is over."""
    for one in suppressions:
        if _has_ended(one, today):
            yield _finding(
                EXPIRED,
                f"The suppression of {one.rule!r} ended on {one.until}; its reason was: {one.reason}",
                "Do what the finding says; if it is still to be accepted, write a later date under until.",
                one,
            )


def find_unused(plan: Plan, findings: Iterable[SecurityFinding]) -> Iterator[SecurityFinding]:
    """A finding for each of the pipeline's own suppressions whose rule finds nothing; the environment's are for all pipelines together."""
    found = {finding.rule for finding in findings}
    yield from (_unused(one) for one in plan.suppressions if not one.shared and one.rule not in found)


def find_unused_in_environment(plans: Sequence[Plan], findings: Iterable[SecurityFinding]) -> Iterator[SecurityFinding]:
    """A finding for each suppression of the environment whose rule finds nothing in any of the plans, which are all of that environment."""
    found = {finding.rule for finding in findings}
    shared = dict.fromkeys(one for plan in plans for one in plan.suppressions if one.shared)
    yield from (_unused(one) for one in shared if one.rule not in found)


def _has_ended(one: SuppressionPlan, today: dt.date | None) -> bool:
    return one.until is not None and today is not None and dt.date.fromisoformat(one.until) < today


def _unused(one: SuppressionPlan) -> SecurityFinding:
    return _finding(
        UNUSED,
        f"The suppression of {one.rule!r} is not needed: the rule finds nothing.",
        "Remove it, so that it does not hide what comes later.",
        one,
    )


def _finding(rule: SecurityRule, message: str, fix: str, one: SuppressionPlan) -> SecurityFinding:
    return SecurityFinding(
        rule=rule.id,
        severity=rule.severity,
        message=message,
        fix=fix,
        place=one.place,
        equivalents=rule.equivalents,
    )

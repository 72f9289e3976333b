"""The registry of all security rules, and the one function that runs them over a plan. Pure. An id stays the same for ever."""

from __future__ import annotations

import datetime as dt

from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security import access, encryption, logs, network, origins, parameters, visible_secrets
from emr_pipelines.plan.security.findings import SecurityFinding, SecurityRule, rank
from emr_pipelines.plan.security.suppressions import apply_suppressions, find_ended, find_unused

RULES: tuple[SecurityRule, ...] = (
    *encryption.RULES,
    *network.RULES,
    *logs.RULES,
    *access.RULES,
    *visible_secrets.RULES,
    *origins.RULES,
    *parameters.RULES,
)


def check_security(plan: Plan, *, today: dt.date | None = None) -> tuple[SecurityFinding, ...]:
    """Every finding of every rule, the gravest first; without `today` no suppression has ended."""
    findings = [finding for rule in RULES for finding in _find(rule, plan)]
    found = [
        *apply_suppressions(findings, plan.suppressions, today),
        *find_ended(plan.suppressions, today),
        *find_unused(plan, findings),
    ]
    return tuple(sorted(found, key=lambda finding: -rank(finding.severity)))


def _find(rule: SecurityRule, plan: Plan) -> dict[SecurityFinding, None]:
    """The findings of a rule in order, each once: one address may be taken twice at one place."""
    return dict.fromkeys(
        SecurityFinding(
            rule=rule.id,
            severity=rule.severity,
            message=sighting.message,
            fix=sighting.fix,
            place=sighting.place,
            equivalents=rule.equivalents,
        )
        for sighting in rule.look(plan)
    )

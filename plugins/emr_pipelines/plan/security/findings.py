"""What the security rules are made of and what they find. Pure data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from emr_pipelines.plan.model import Plan

Severity = Literal["note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalents:
    """The ids of other tools for what a rule looks at; None where a tool has no rule for it."""

    checkov: str | None = None
    cdk_nag: str | None = None
    cfn_nag: str | None = None
    prowler: str | None = None
    security_hub: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanViolation:
    """What a rule saw in a plan: whole sentences, and the place (`file:line`)."""

    message: str
    fix: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityRule:
    """One thing that is looked at. Its id stays the same for ever; `title` says what is wrong where it fires."""

    id: str
    severity: Severity
    title: str
    look: Callable[[Plan], Iterator[PlanViolation]] = lambda _: iter(())
    equivalents: Equivalents = Equivalents()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityFinding:
    """What is wrong, where (`file:line`), and what to do. A suppressed finding is accepted by a person, for `reason`."""

    rule: str
    severity: Severity
    message: str
    fix: str
    place: str
    equivalents: Equivalents
    suppressed: bool = False
    reason: str | None = None

    @property
    def file(self) -> str:
        """The file of the place."""
        return self.place.rpartition(":")[0]

    @property
    def line(self) -> int:
        """The line of the place, from 1; 0 means that the file as a whole is meant."""
        return int(self.place.rpartition(":")[2])


def rank(severity: Severity) -> int:
    """The severity as a number: an error is the greatest."""
    return SEVERITIES.index(severity)

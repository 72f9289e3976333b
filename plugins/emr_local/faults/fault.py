"""What a fault is and which call it hits. Pure: counts nothing, sends nothing, waits for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

S3 = "S3"  # stands for every request that is not EMR's
STATE_OPERATIONS = frozenset({"DescribeStep", "ListSteps", "DescribeCluster", "ListClusters"})


class Effect(StrEnum):
    """What a fault does."""

    THROTTLE = "throttle"
    ERROR_BEFORE = "error-before"
    ERROR_AFTER = "error-after"
    DENY = "deny"
    RESET_BEFORE = "reset-before"
    RESET_AFTER = "reset-after"
    HANG_BEFORE = "hang-before"
    HANG_AFTER = "hang-after"
    SLOW = "slow"
    STATE = "state"
    BOOTSTRAP_FAILURE = "bootstrap-failure"
    FLEET_TIMEOUT = "fleet-timeout"
    STUCK_STARTING = "stuck-starting"
    VALIDATION_ERROR = "validation-error"
    INTERNAL_ERROR = "internal-error"


LAUNCH_EFFECTS = frozenset(
    {
        Effect.BOOTSTRAP_FAILURE,
        Effect.FLEET_TIMEOUT,
        Effect.STUCK_STARTING,
        Effect.VALIDATION_ERROR,
        Effect.INTERNAL_ERROR,
    }
)
REFUSALS = frozenset({Effect.THROTTLE, Effect.ERROR_BEFORE, Effect.ERROR_AFTER, Effect.DENY})
HANGS = frozenset({Effect.HANG_BEFORE, Effect.HANG_AFTER})
DROPS = HANGS | {Effect.RESET_BEFORE, Effect.RESET_AFTER}
HAPPENS = frozenset({Effect.ERROR_AFTER, Effect.RESET_AFTER, Effect.HANG_AFTER, Effect.SLOW, Effect.STATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault as it was asked for. The `nth` matching call from now on is its first, `times` (None: for ever) how many it hits."""

    effect: Effect
    operation: str | None = None
    nth: int = 1
    times: int | None = 1
    code: str | None = None
    message: str | None = None
    status: int | None = None
    seconds: float = 0.0
    state: str | None = None
    path: str | None = None


def matches_call(fault: Fault, operation: str, path: str) -> bool:
    """Whether a call counts for the fault: an EMR operation, or `S3` with the path of its URL."""
    if fault.effect in LAUNCH_EFFECTS or fault.operation is None:
        return False
    if S3 in (operation, fault.operation):
        return operation == fault.operation and (fault.path or "") in path
    if fault.effect is Effect.STATE and operation not in STATE_OPERATIONS:
        return False
    return fnmatchcase(operation, fault.operation)


def matches_launch(fault: Fault) -> bool:
    """Whether the launch of a cluster counts for the fault."""
    return fault.effect in LAUNCH_EFFECTS


def is_due(fault: Fault, *, seen: int, hits: int) -> bool:
    """Whether the fault hits the call that is its `seen`-th, after `hits` earlier ones."""
    return seen >= fault.nth and (fault.times is None or hits < fault.times)

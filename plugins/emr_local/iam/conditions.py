"""IAM's condition operators on the context of a request. Pure; what it does not know it refuses when a policy is read, never while one is applied.

Semantics: AWS, "IAM JSON policy elements: Condition operators" and "Set operators for multi-valued context keys".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

Context = Mapping[str, tuple[str, ...]]
_Test = Callable[[str, str], bool]  # a value of the request, a value of the policy

_IF_EXISTS = "IfExists"
_SETS = ("ForAnyValue", "ForAllValues")


class UnknownOperatorError(ValueError):
    """An operator that is not here; the message says which are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator on one key of the context: `key` is in lower case, as IAM compares keys without their case."""

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, context: Context) -> bool:
        """Whether the context, whose keys are in lower case, meets it."""
        present = context.get(self.key, ())
        set_name, base, if_exists = _parse(self.operator)
        if base == "Null":
            return bool(present) != (self.values[0].lower() == "true")
        test, negated = _OPERATORS[base]
        if not present:
            return if_exists or set_name == "ForAllValues" or (negated and set_name == "")
        passed = [any(test(value, wanted) for wanted in self.values) != negated for value in present]
        return all(passed) if set_name == "ForAllValues" or (negated and set_name == "") else any(passed)


def read_condition(operator: str, key: str, values: Sequence[str]) -> Condition:
    """A condition of a policy. Raises UnknownOperatorError."""
    _parse(operator)
    return Condition(operator=operator, key=key.lower(), values=tuple(values))


@lru_cache(maxsize=1024)
def like(value: str, pattern: str) -> bool:
    """Whether a text fits a pattern of `*` and `?`."""
    words = (".*" if letter == "*" else "." if letter == "?" else re.escape(letter) for letter in pattern)
    return re.fullmatch("".join(words), value, re.DOTALL) is not None


def like_arn(value: str, pattern: str) -> bool:
    """Whether an ARN fits a pattern, each of its six parts for itself."""
    parts, patterns = value.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) and all(map(like, parts, patterns))


def _parse(operator: str) -> tuple[str, str, bool]:
    """The set operator (or nothing), the operator itself, and whether it ends in IfExists."""
    set_name, colon, rest = operator.rpartition(":")
    base = rest.removesuffix(_IF_EXISTS)
    known = base in _OPERATORS or (rest == "Null" and not set_name)
    if not known or (colon and set_name not in _SETS):
        names = ", ".join([*_OPERATORS, "Null"])
        raise UnknownOperatorError(
            f"the operator {operator!r} is not known here; {names} are, with {_IF_EXISTS}, ForAnyValue: and ForAllValues:"
        )
    return set_name, base, rest != base


def _equal(value: str, wanted: str) -> bool:
    return value == wanted


def _equal_without_case(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


# Each with its test and whether it is the negation of that.
_OPERATORS: Mapping[str, tuple[_Test, bool]] = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_without_case, False),
    "StringNotEqualsIgnoreCase": (_equal_without_case, True),
    "StringLike": (like, False),
    "StringNotLike": (like, True),
    "ArnEquals": (like_arn, False),
    "ArnLike": (like_arn, False),
    "ArnNotEquals": (like_arn, True),
    "ArnNotLike": (like_arn, True),
    "Bool": (_equal_without_case, False),
}

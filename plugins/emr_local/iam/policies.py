"""IAM's identity policies: read strictly, and applied to what a request wants to do. Pure: explicit deny before allow, and deny when nothing allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emr_local.host.explained_errors import ExplainedError
from emr_local.iam.conditions import Condition, Context, UnknownOperatorError, like, read_condition

_VERSION = "2012-10-17"
_KEYS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_ACTION = re.compile(r"\*|[\w*?-]+:[\w*?]+", re.ASCII)


class PolicyError(ExplainedError):
    """A policy that cannot be applied as it is written: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One thing that a request wants to do: an action on a resource, with the keys that conditions may ask for."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the policy says to an access, and which statement says so; `sid` is None when none speaks of it."""

    allowed: bool
    sid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement. `excepts_actions` and `excepts_resources` stand for NotAction and NotResource."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    excepts_actions: bool = False
    excepts_resources: bool = False

    def covers(self, access: Access, context: Context) -> bool:
        """Whether it speaks of the access; the keys of `context` are in lower case."""
        action = access.action.lower()
        named = any(like(action, pattern.lower()) for pattern in self.actions)
        there = any(like(access.resource, pattern) for pattern in self.resources)
        return (
            named != self.excepts_actions
            and there != self.excepts_resources
            and all(condition.holds(context) for condition in self.conditions)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All statements that hold for a caller."""

    statements: tuple[Statement, ...]

    def judge(self, access: Access) -> Verdict:
        """Whether the access is allowed."""
        context = {key.lower(): values for key, values in access.context.items()}
        speaking = [one for one in self.statements if one.covers(access, context)]
        denying = next((one for one in speaking if not one.allows), None)
        if denying is not None:
            return Verdict(allowed=False, sid=denying.sid)
        allowing = next(iter(speaking), None)
        return Verdict(allowed=allowing is not None, sid=allowing.sid if allowing else None)


def read_policy(value: Any) -> Policy:
    """A policy document, or a list of those that hold together. Raises PolicyError for what is wrong or not known here."""
    documents = value if isinstance(value, list) else [value]
    statements: list[Statement] = []
    for document in documents:
        for raw in _statements_of(document):
            statements.append(_read_statement(raw, len(statements) + 1))
    sids = [one.sid for one in statements]
    doubled = sorted({sid for sid in sids if sids.count(sid) > 1})
    if doubled:
        raise PolicyError(f"The Sid {doubled[0]!r} is there twice.", "Give each statement a Sid of its own.")
    return Policy(statements=tuple(statements))


def _statements_of(document: Any) -> list[Any]:
    if not isinstance(document, dict) or document.get("Version") != _VERSION:
        raise PolicyError(f'This is no policy of the version "{_VERSION}".', f'Write {{"Version": "{_VERSION}", …}}.')
    unknown = sorted(document.keys() - {"Version", "Id", "Statement"})
    if unknown:
        raise PolicyError(f"The policy has the unknown key {unknown[0]!r}.", "Remove it.")
    statements = document.get("Statement")
    return statements if isinstance(statements, list) else [statements]


def _read_statement(raw: Any, number: int) -> Statement:
    sid = str(raw.get("Sid", f"statement {number}")) if isinstance(raw, dict) else f"statement {number}"
    if not isinstance(raw, dict) or not raw.keys() <= _KEYS:
        unknown = sorted(raw.keys() - _KEYS)[0] if isinstance(raw, dict) else raw
        raise PolicyError(f"{sid}: {unknown!r} does not belong there.", f"Use {', '.join(sorted(_KEYS))}.")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"{sid}: Effect is {raw.get('Effect')!r}.", "Write Allow or Deny.")
    actions, excepts_actions = _read_either(raw, "Action", sid)
    resources, excepts_resources = _read_either(raw, "Resource", sid)
    wrong = next((action for action in actions if not _ACTION.fullmatch(action)), None)
    if wrong is not None:
        raise PolicyError(f"{sid}: {wrong!r} is no action.", "Write service:Action, such as s3:GetObject.")
    _refuse_variables(sid, resources)
    return Statement(
        sid=sid,
        allows=raw["Effect"] == "Allow",
        actions=actions,
        resources=resources,
        conditions=tuple(_read_conditions(raw.get("Condition", {}), sid)),
        excepts_actions=excepts_actions,
        excepts_resources=excepts_resources,
    )


def _read_either(raw: Mapping[str, Any], name: str, sid: str) -> tuple[tuple[str, ...], bool]:
    """The values of an element or of its negation, one of which must be there, and whether it is the negation."""
    given = [key for key in (name, f"Not{name}") if key in raw]
    if len(given) != 1:
        raise PolicyError(f"{sid}: exactly one of {name} and Not{name} is needed.", f"Write {name}.")
    return _read_texts(raw[given[0]], f"{sid}: {given[0]}"), given[0] != name


def _read_texts(value: Any, where: str) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    texts = [str(text).lower() if isinstance(text, bool) else text for text in texts]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise PolicyError(f"{where} is {value!r}.", "Write a text or a list of texts.")
    return tuple(texts)


def _read_conditions(value: Any, sid: str) -> Iterable[Condition]:
    if not isinstance(value, dict) or not all(isinstance(keys, dict) for keys in value.values()):
        raise PolicyError(f"{sid}: Condition is {value!r}.", 'Write {"operator": {"key": "value"}}.')
    for operator, keys in value.items():
        for key, given in keys.items():
            texts = _read_texts(given, f"{sid}: {operator} {key}")
            _refuse_variables(sid, texts)
            try:
                yield read_condition(operator, key, texts)
            except UnknownOperatorError as error:
                raise PolicyError(f"{sid}: {error}.", "Use one of these.") from error


def _refuse_variables(sid: str, texts: Iterable[str]) -> None:
    found = next((text for text in texts if "${" in text), None)
    if found is not None:
        raise PolicyError(f"{sid}: {found!r} has a policy variable, which is not known here.", "Write its value.")

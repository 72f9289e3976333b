"""From JSON to faults, with every mistake named: the key, its value and what to write instead. Pure but for botocore's list of EMR's operations."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from emr_local.faults.fault import HANGS, LAUNCH_EFFECTS, REFUSALS, S3, STATE_OPERATIONS, Effect, Fault
from emr_local.host.explained_errors import ExplainedError
from emr_local.wire.service_model import load_service_model

_COMMON_KEYS = frozenset({"effect", "operation", "nth", "times"})
_REFUSAL_KEYS = frozenset({"code", "message", "status"})
_DELAYS = HANGS | {Effect.SLOW}


class InvalidFaultError(ExplainedError):
    """A fault that cannot be set: what is wrong and what to do."""


def parse_faults(text: str | bytes) -> list[Fault]:
    """The faults of a JSON text that holds one object or a list of them; raises InvalidFaultError for the first that is wrong."""
    try:
        given = json.loads(text)
    except ValueError as error:
        raise InvalidFaultError(f"This is not JSON: {error}.", f"Write {_EXAMPLE}.") from error
    if not isinstance(given, list):
        return [read_fault(given)]
    return [_read_numbered(number, each) for number, each in enumerate(given, start=1)]


def read_fault(given: Any) -> Fault:
    """The fault that a JSON object asks for."""
    if not isinstance(given, dict):
        raise InvalidFaultError(f"A fault is a JSON object, not {json.dumps(given)}.", f"Write {_EXAMPLE}.")
    effect = _read_effect(given)
    _check_keys(given, effect)
    values = {key: _CHECKS[key](key, value) for key, value in given.items() if key != "effect"}
    _check_operation(values.get("operation"), effect)
    _check_needs(given, effect)
    return Fault(effect=effect, **values)


def _read_numbered(number: int, given: Any) -> Fault:
    try:
        return read_fault(given)
    except InvalidFaultError as error:
        raise InvalidFaultError(f"Fault {number} of the list: {error.cause}", error.fix) from error


def _read_effect(given: Mapping[str, Any]) -> Effect:
    effects = [each.value for each in Effect]
    if "effect" not in given:
        raise InvalidFaultError("`effect` is missing.", f"Use one of {', '.join(effects)}.")
    if given["effect"] not in effects:
        raise InvalidFaultError(
            f"`effect`: {json.dumps(given['effect'])} is none.", f"Use one of {', '.join(effects)}."
        )
    return Effect(given["effect"])


def _check_keys(given: Mapping[str, Any], effect: Effect) -> None:
    known = _COMMON_KEYS | _keys_of(effect) | ({"path"} if given.get("operation") == S3 else set())
    for key, value in given.items():
        if key in known:
            continue
        if key in _CHECKS:
            user = 'an operation other than "S3"' if key == "path" else f"the effect {effect}"
            raise InvalidFaultError(
                f"`{key}`: {json.dumps(value)} is not used by {user}.",
                f"Remove it; used are {', '.join(sorted(known))}.",
            )
        raise InvalidFaultError(f"`{key}`: {json.dumps(value)}: there is no such key.", _suggest(key, known))


def _keys_of(effect: Effect) -> frozenset[str]:
    if effect in REFUSALS:
        return _REFUSAL_KEYS
    if effect in _DELAYS:
        return frozenset({"seconds"})
    if effect is Effect.STATE:
        return frozenset({"state"})
    return frozenset({"message"}) if effect in LAUNCH_EFFECTS - {Effect.STUCK_STARTING} else frozenset()


def _check_needs(given: Mapping[str, Any], effect: Effect) -> None:
    if effect in _DELAYS and "seconds" not in given:
        raise InvalidFaultError(
            f"`seconds` is missing: {effect} does not say how long.", 'Add for example "seconds": 5.'
        )
    if effect is Effect.STATE and "state" not in given:
        raise InvalidFaultError("`state` is missing: which one should be told?", 'Add for example "state": "PAUSED".')


def _check_operation(operation: str | None, effect: Effect) -> None:
    if effect in LAUNCH_EFFECTS:
        if operation not in (None, "RunJobFlow"):
            raise InvalidFaultError(
                f'`operation`: "{operation}" launches no cluster, and {effect} hits launches.', "Leave it out."
            )
        return
    if operation is None:
        raise InvalidFaultError(
            "`operation` is missing: which calls?", 'Use one of EMR\'s, a pattern like "Describe*", or "S3".'
        )
    if effect is Effect.STATE:
        names: Iterable[str] = STATE_OPERATIONS
    else:
        names = [*load_service_model().operation_names, S3]
    if not any(fnmatchcase(name, operation) for name in names):
        raise InvalidFaultError(
            f'`operation`: "{operation}" matches nothing that {effect} can hit.', _suggest(operation, names)
        )


def _suggest(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"Did you mean {close[0]}?" if close else f"Use one of {', '.join(names)}."


def _read_text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(key, value, "a text")
    return value


def _read_count(key: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise _wrong(key, value, "a whole number from 1 on")
    return value


def _read_times(key: str, value: Any) -> int | None:
    return None if value is None else _read_count(key, value)


def _read_status(key: str, value: Any) -> int:
    if type(value) is not int or value not in range(400, 600):
        raise _wrong(key, value, "an HTTP status from 400 to 599")
    return value


def _read_seconds(key: str, value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < float("inf"):
        raise _wrong(key, value, "a number of seconds, 0 or more")
    return float(value)


def _wrong(key: str, value: Any, wanted: str) -> InvalidFaultError:
    return InvalidFaultError(f"`{key}`: {json.dumps(value)} does not fit.", f"Give {wanted}.")


_EXAMPLE = '{"operation": "RunJobFlow", "effect": "throttle"}'
_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "effect": _read_text,
    "operation": _read_text,
    "nth": _read_count,
    "times": _read_times,
    "code": _read_text,
    "message": _read_text,
    "status": _read_status,
    "seconds": _read_seconds,
    "state": _read_text,
    "path": _read_text,
}

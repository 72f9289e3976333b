"""Turns pydantic's errors into our own sentences with a fix. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.models.base import Model
from emr_pipelines.pipeline_spec.notation.command_words import as_list
from emr_pipelines.pipeline_spec.notation.forms import FORMS
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.notation.spelling import closest, suggest
from emr_pipelines.pipeline_spec.reading.document import Document, Path, holds, value_at
from emr_pipelines.pipeline_spec.reading.schema import describe_path, known_keys, pattern_at

_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "date_type": "a date (YYYY-MM-DD)",
    "none_required": "null",
}
# What Airflow has but a spec refuses, with what to write instead.
_RUN_LIMIT = (
    "When a run's time is up Airflow skips the tasks that are left, and with them the one that terminates the cluster. "
    "Limit the steps with timeout and queue_timeout, and the cluster with max_lifetime."
)
_REFUSED_KEYS = {"dagrun_timeout": _RUN_LIMIT, "run_timeout": _RUN_LIMIT, "sla": _RUN_LIMIT}
_UNQUOTED = re.compile(r"-?[0-9.]+|true|false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One place that does not fit its model: pydantic's kind of error, the kinds of value that would fit, and the details."""

    path: Path
    kind: str
    expected: tuple[str, ...] = ()
    context: Mapping[str, Any]


def gather_misfits(error: ValidationError, value: Any) -> list[Misfit]:
    """One misfit per place: the branches of a union become one, and of a map only the branch that takes maps counts."""
    by_path: dict[Path, list[tuple[str, Mapping[str, Any]]]] = {}
    for item in error.errors(include_url=False, include_input=False):
        path, is_key = _real_path(item["loc"], value, item["type"])
        by_path.setdefault(path, []).append(("key" if is_key else item["type"], item.get("ctx", {})))
    return [_merge(path, kinds) for path, kinds in by_path.items() if not _has_deeper(path, kinds, by_path)]


def _real_path(loc: tuple[int | str, ...], value: Any, kind: str) -> tuple[Path, bool]:
    """The path in the document: pydantic also puts the names of union branches into its locations."""
    path: list[str | int] = []
    for index, part in enumerate(loc):
        if part == "[key]":
            return tuple(path), True
        if holds(value, part):
            path.append(part)
            value = value[part]
        elif kind == "missing" and index == len(loc) - 1:
            path.append(part)
    return tuple(path), False


def _has_deeper(path: Path, kinds: list[tuple[str, Mapping[str, Any]]], all_paths: Mapping[Path, Any]) -> bool:
    """Whether a wrong-kind error is only the other branch of a union whose fitting branch reports something inside."""
    return all(kind in _KINDS for kind, _ in kinds) and any(
        other != path and other[: len(path)] == path for other in all_paths
    )


def _merge(path: Path, kinds: list[tuple[str, Mapping[str, Any]]]) -> Misfit:
    particular = [(kind, context) for kind, context in kinds if kind not in _KINDS]
    if particular:
        kind, context = particular[0]
        return Misfit(path=path, kind=kind, context=context)
    expected = tuple(dict.fromkeys(_KINDS[kind] for kind, _ in kinds))
    return Misfit(path=path, kind="wrong_kind", expected=expected, context={})


def describe_misfit(model: type[Model], document: Document, misfit: Misfit) -> Problem:
    """The problem in our own words."""
    found = value_at(document.value, misfit.path)
    if misfit.kind == "extra_forbidden":
        return _describe_unknown_key(model, document, misfit.path)
    if misfit.kind == "missing":
        about = describe_path(model, misfit.path)
        return document.problem(
            misfit.path, f"the key {misfit.path[-1]!r} is missing", f"Add it. {about}".strip(), rule="missing-key"
        )
    if misfit.kind == "key":
        return document.problem(
            misfit.path, f"{misfit.path[-1]!r} is no name", f"Write {_form(misfit.context)}.", at_key=True, rule="name"
        )
    if misfit.kind == "wrong_kind":
        message = f"must be {_join_kinds(misfit.expected)}, not {name_kind(found)}"
        return document.problem(misfit.path, message, _fix_of_kind(model, misfit, found), rule="kind")
    message, fix = _SENTENCES.get(misfit.kind, _describe_other)(found, misfit.context)
    return document.problem(misfit.path, message, fix, rule="value")


def _describe_unknown_key(model: type[Model], document: Document, path: Path) -> Problem:
    """A key that is known one level deeper has only slipped out of its owner."""
    key, known = str(path[-1]), known_keys(model, path[:-1])
    owners = [name for name in known if key in _inner_keys(model, (*path[:-1], name))]
    fix = f"It belongs under {' or '.join(owners)}." if owners else suggest(key, known, "keys here")
    fix = _REFUSED_KEYS.get(key, fix)
    return document.problem(path, f"unknown key {key!r}", fix, at_key=True, rule="unknown-key")


def _inner_keys(model: type[Model], path: Path) -> list[str]:
    """The keys of the map at a path, or of the maps in the list there."""
    return [*known_keys(model, path), *known_keys(model, (*path, 0))]


def _fix_of_kind(model: type[Model], misfit: Misfit, found: Any) -> str:
    if misfit.expected == ("a text",) and isinstance(found, int | float):
        text, pattern = scalar_text(found), pattern_at(model, misfit.path)
        # Quotes alone do not make a duration of the number 30.
        return (
            f"Write {_form({'pattern': pattern})}."
            if pattern and not re.search(pattern, text)
            else f'Quote it: "{text}".'
        )
    if isinstance(found, str) and _UNQUOTED.fullmatch(found) and "a text" not in misfit.expected:
        return "Write it without quotes."
    if misfit.expected == ("a list",) and isinstance(found, str):
        return f"Write a list: {as_list(found)}."
    if found is None:
        return "Write a value, or leave the key out."
    return describe_path(model, misfit.path) or f"Write {_join_kinds(misfit.expected)}."


def _join_kinds(kinds: tuple[str, ...]) -> str:
    if "a number" in kinds:
        kinds = tuple(kind for kind in kinds if kind != "a whole number")
    return " or ".join((", ".join(kinds[:-1]), kinds[-1])) if len(kinds) > 1 else kinds[0]


def name_kind(value: Any) -> str:
    """What a value is, with the value where that helps."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return f"the text {value!r}" if isinstance(value, str) else f"the number {value}"


def _form(context: Mapping[str, Any]) -> str:
    if "pattern" not in context:
        return "a text that is not empty"
    return FORMS.get(str(context.get("pattern")), "text of the form " + str(context.get("pattern")))


def _describe_pattern(found: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{found!r} does not have the right form", f"Write {_form(context)}."


def _describe_choice(found: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    expected = str(context["expected"])
    choices = [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]
    guess = closest(found, choices) if isinstance(found, str) else None
    return (
        f"{found!r} is not one of {', '.join(choices)}",
        f"Did you mean {guess!r}?" if guess else "Write one of them.",
    )


def _describe_bound(comparison: str, key: str) -> Callable[[Any, Mapping[str, Any]], tuple[str, str]]:
    def describe(found: Any, context: Mapping[str, Any]) -> tuple[str, str]:
        return f"{found} is out of range", f"Write a number {comparison} {context[key]}."

    return describe


def _describe_length(found: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    if not found:
        return "is empty", "Write a value, or leave the key out."
    unit = "items" if isinstance(found, list) else "characters"
    return f"has {len(found)} {unit}; at most {context['max_length']} are allowed", f"Remove {unit}."


def _describe_own(_found: Any, context: Mapping[str, Any]) -> tuple[str, str]:
    return str(context["error"]), "Write it as 1995-01-31."


def _describe_other(found: Any, _context: Mapping[str, Any]) -> tuple[str, str]:
    return f"{name_kind(found)} is not allowed here", "See the JSON Schema in config/schema for what is."


_SENTENCES: dict[str, Callable[[Any, Mapping[str, Any]], tuple[str, str]]] = {
    "string_pattern_mismatch": _describe_pattern,
    "literal_error": _describe_choice,
    "greater_than_equal": _describe_bound("from", "ge"),
    "greater_than": _describe_bound("greater than", "gt"),
    "less_than_equal": _describe_bound("up to", "le"),
    "too_short": _describe_length,
    "too_long": _describe_length,
    "string_too_short": _describe_length,
    "string_too_long": _describe_length,
    "value_error": _describe_own,
}

"""A real value of each key, from specs of this project that load. Reads files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Examples = dict[tuple[str, str], str]
ROOT = "#"
LONGEST = 60


def examples_in(files: Iterable[Path], schema: Mapping[str, Any]) -> Examples:
    """For each part of the schema and each of its keys the first value that is short enough to show; `#` is the part of the whole file."""
    found: Examples = {}
    for file in files:
        for part, key, value in _values(yaml.safe_load(file.read_text(encoding="utf-8")), schema, ROOT, schema):
            text = flow(value)
            if value not in ([], {}, None) and len(text) <= LONGEST:
                found.setdefault((part, key), text)
    return found


def flow(value: Any) -> str:
    """A value as YAML in one line."""
    if not isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, bool) else str(value)
    dumped = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    return dumped.strip()


def _values(
    value: Any, schema: Mapping[str, Any], part: str, whole: Mapping[str, Any]
) -> Iterator[tuple[str, str, Any]]:
    """Every key of a value with the part of the schema that it belongs to."""
    for name, shape in _shapes(schema, part, whole):
        if isinstance(value, dict):
            yield from _values_of_keys(value, shape, name, whole)
        elif isinstance(value, list) and "items" in shape:
            for item in value:
                yield from _values(item, shape["items"], name, whole)


def _values_of_keys(
    value: dict[str, Any], shape: Mapping[str, Any], part: str, whole: Mapping[str, Any]
) -> Iterator[tuple[str, str, Any]]:
    named = shape.get("properties", {})
    others = [*shape.get("patternProperties", {}).values()]
    for key, inner in value.items():
        if key in named:
            yield part, key, inner
            yield from _values(inner, named[key], part, whole)
        else:
            for other in others:
                yield from _values(inner, other, part, whole)


def _shapes(schema: Mapping[str, Any], part: str, whole: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The shapes that a schema stands for, without references and choices."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _shapes(whole["definitions"][name], name, whole)
    for choice in (*schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _shapes(choice, part, whole)
    if schema.get("type") in ("object", "array"):
        yield part, schema

"""What the JSON Schema says of a value, in words. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from docs_site.generated.markdown import code

Schema = Mapping[str, Any]
LinkOf = Callable[[str], str]
PATTERNS = {
    r"^([1-9][0-9]{0,6}[smh]|[1-9][0-9]{0,2}d)$": "duration (`90s`, `15m`, `2h`, `1d`)",
    r"^[1-9][0-9]*[kmgtKMGT]$": "memory (`512M`, `18G`)",
    r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$": "instance type",
    r"^[a-z][a-z0-9_]{0,62}$": "name (`a-z`, `0-9`, `_`; 63 characters)",
    r"^[a-z][a-z0-9_]*$": "word (`a-z`, `0-9`, `_`)",
    r"^[0-9]+(\.[0-9]+)?$": "number in quotes",
    r"\S": "text, not blank",
}
NAMES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
LONGEST_PATTERN = 40
MANY_WORDS = 12


def type_in_words(schema: Schema, link_of: LinkOf) -> str:
    """The type of a value, such as `list of text`; `link_of` gives the link to a part of the page."""
    if "$ref" in schema:
        return link_of(schema["$ref"].rpartition("/")[2])
    if "allOf" in schema:
        return type_in_words(schema["allOf"][0], link_of)
    if "anyOf" in schema:
        return _one_of(schema["anyOf"], link_of)
    if "enum" in schema:
        return _one_word_of([code(_plain(value)) for value in schema["enum"]])
    if "const" in schema:
        return code(_plain(schema["const"]))
    return _of_kind(schema, link_of)


def _one_word_of(words: list[str]) -> str:
    if len(words) > MANY_WORDS:
        return f"one of {len(words)} words, such as {', '.join(words[:3])}; the schema has all"
    return " or ".join(words)


def _of_kind(schema: Schema, link_of: LinkOf) -> str:
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_many(type_in_words(schema.get('items', {}), link_of))}"
    if kind == "object":
        return _mapping(schema, link_of)
    if kind == "string":
        return _text(schema)
    return f"{NAMES.get(kind, 'any value')}{_bounds(schema)}"


def _one_of(choices: list[Schema], link_of: LinkOf) -> str:
    words = [type_in_words(choice, link_of) for choice in choices if choice.get("type") != "null"]
    merged = " or ".join(dict.fromkeys(words))
    return "a plain value" if merged == "text or whole number or number or `true` or `false`" else merged


def _many(words: str) -> str:
    return f"({words})" if " or " in words else words


def _mapping(schema: Schema, link_of: LinkOf) -> str:
    values = [*schema.get("patternProperties", {}).values()]
    extra = schema.get("additionalProperties")
    values += [extra] if isinstance(extra, dict) else []
    return f"names, each with {_one_of(values, link_of)}" if values else "keys and values"


def _text(schema: Schema) -> str:
    pattern = schema.get("pattern")
    if pattern in PATTERNS:
        return PATTERNS[pattern]
    if schema.get("format") == "date":
        return "date (`2005-01-31`)"
    if pattern and re.fullmatch(r"\^[a-z]+\$", pattern):
        return code(pattern.strip("^$"))
    return f"text like {code(pattern)}" if pattern and len(pattern) <= LONGEST_PATTERN else "text"


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None and high < 2**31 - 1:
        return f", {low} to {high}"
    return f", at least {low}" if low is not None else ""


def default_in_words(schema: Schema, required: bool) -> str:
    """What holds where the key is left out."""
    if required:
        return "required"
    value = schema.get("default")
    return code(_plain(value)) if value not in (None, "") else ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

"""The page of what verbs print for programs, from the schemas in docs/reference/json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs_site.generated.markdown import code, page, table, wrapped

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference" / "json"
INTRODUCTION = (
    "With `--json` a verb prints one JSON document and nothing else to its standard output. Each has a schema, "
    "against which the tests hold everything that the verb prints. A key is always there: it is `null` where "
    "there is nothing to say. A new version may add keys."
)


def json_page() -> str:
    """Every schema with the keys at its top."""
    sections = [_section(file) for file in sorted(FOLDER.glob("*.schema.json"))]
    return page("JSON for programs", wrapped(INTRODUCTION), *sections)


def _section(file: Path) -> str:
    schema = json.loads(file.read_text(encoding="utf-8"))
    top = schema.get("items", schema)
    whole = "A list, each entry with:" if schema["type"] == "array" else "An object with:"
    return "\n\n".join(
        (
            f"## {schema['title'].removeprefix('emr-pipelines ')}",
            f"[{file.name}](json/{file.name}). {whole}",
            table(("Key", "Value", "Meaning"), list(_rows(top))),
        )
    )


def _rows(schema: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, value in schema.get("properties", {}).items():
        yield code(name), _kind(value), value.get("description", "")


def _kind(value: dict[str, Any]) -> str:
    """The type of a value in words."""
    if "enum" in value:
        return " or ".join(code("null" if one is None else str(one)) for one in value["enum"])
    if "const" in value:
        return code(value["const"])
    if "oneOf" in value or "$ref" in value:
        return "object or null" if any(one.get("type") == "null" for one in value.get("oneOf", ())) else "object"
    kinds = value["type"] if isinstance(value["type"], list) else [value["type"]]
    return " or ".join("list" if kind == "array" else str(kind) for kind in kinds)

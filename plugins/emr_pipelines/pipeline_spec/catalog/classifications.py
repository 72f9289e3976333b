"""Which configuration classifications a release takes, by a dated table. Reads its data file once; knows no AWS library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from emr_pipelines.pipeline_spec.notation.release_labels import release_number
from emr_pipelines.pipeline_spec.notation.spelling import closest

# Nested under every classification of an environment, and nowhere else.
EXPORT = "export"
_ENVIRONMENT = "-env"
# A name as near as this is misspelt; what is farther may be newer than the table.
_TYPING_ERROR = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why a release does not take a classification, and what to write; `is_certain` is false for a name that may be newer than the table."""

    message: str
    fix: str
    is_certain: bool = True


def find_objection(name: str, parent: str | None, release: str) -> Objection | None:
    """What speaks against a classification, alone or nested under `parent`, on the release with this label; None for a release of an unknown line."""
    line = release.partition(".")[0]
    table = _read_table()
    names = table["lines"].get(line) or (table["names"] if line in table["known_lines"] else None)
    if names is None:
        return None
    if parent is not None or name == EXPORT:
        return _object_to_nested(name, parent)
    if name.startswith(tuple(table["prefixes"])) and names is table["names"]:
        return None
    if name in names:
        return _object_to_release(name, table["names"][name], release) if names is table["names"] else None
    return _object_to_unknown(name, names, release)


def _object_to_nested(name: str, parent: str | None) -> Objection | None:
    of_environment = parent is not None and parent.endswith(_ENVIRONMENT)
    if name == EXPORT and not of_environment:
        fix = f"Nest it under one of these, for example spark{_ENVIRONMENT}."
        return Objection(message=f"export stands only under classifications that end in {_ENVIRONMENT}", fix=fix)
    if name != EXPORT and of_environment:
        return Objection(message=f"{parent} takes export only, not {name!r}", fix="Write its variables under export.")
    return None


def _object_to_release(name: str, known: dict[str, Any], release: str) -> Objection | None:
    version = release_number(release)
    since, until = tuple(known.get("since", ())), tuple(known.get("until", ()))
    if version >= since and (not until or version < until):
        return None
    moment = f"since {_label(since)}" if version < since else f"before {_label(until)}"
    fix = f"Write {known['instead']}." if "instead" in known else "Remove it, or use a newer release."
    return Objection(message=f"{release} does not take {name!r}, which EMR has {moment} only", fix=fix)


def _object_to_unknown(name: str, names: Any, release: str) -> Objection:
    message = f"{release} has no classification {name!r}"
    misspelt = closest(name, names, cutoff=_TYPING_ERROR)
    if misspelt:
        return Objection(message=message, fix=f"Did you mean {misspelt!r}?")
    guess = closest(name, names)
    fix = f"Did you mean {guess!r}? " if guess else ""
    message += f" in the table of {_read_table()['as_of']}; EMR refuses a cluster with an unknown one"
    return Objection(message=message, fix=f"{fix}emr_local takes those of the table only.", is_certain=False)


def _label(version: tuple[int, ...]) -> str:
    return "emr-" + ".".join(str(number) for number in version)


@cache
def _read_table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(files(__package__).joinpath("classifications.json").read_text(encoding="utf-8"))
    return table

"""What RunJobFlow takes, by the shapes of EMR's API as they were on a date, and what is wrong with a body. Reads its data file once; knows no AWS library."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from emr_pipelines.pipeline_spec.notation.placeholders import PlaceholderError, Reference, parse_text
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.pipeline_spec.reading.document import Path

_ROOT = "RunJobFlowInput"
_WORDS = {
    "structure": "a map",
    "map": "a map",
    "list": "a list",
    "string": "text",
    "integer": "a whole number",
    "long": "a whole number",
    "double": "a number",
    "boolean": "true or false",
}
_BITS = {"integer": 32, "long": 64}
# What EMR refuses a request without, though the model calls it optional.
_ALSO_NEEDED = {"Application": ("Name",), "Configuration": ("Classification",)}
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What EMR's API does not take at a path of a body, and what to write."""

    path: Path
    message: str
    fix: str
    at_key: bool = False


@cache
def read_shapes() -> Mapping[str, Mapping[str, Any]]:
    """The shapes by name: `type`, and as far as they have them `members`, `required`, `member`, `value`, `enum`, `min` and `max`."""
    data = json.loads(files(__package__).joinpath("run_job_flow.json").read_text(encoding="utf-8"))
    shapes: dict[str, dict[str, Any]] = data["shapes"]
    return shapes


def find_flaws(body: Mapping[str, Any], given: Collection[Path]) -> Iterator[Flaw]:
    """What is wrong with a body that is laid over another one: unknown and missing keys, values of another type or out of bounds.

    `given` are the paths of maps whose needed keys the other body has. Texts may hold placeholders, whose values are not known.
    """
    yield from _find_flaws(_ROOT, body, (), given)


def _find_flaws(shape: str, value: Any, path: Path, given: Collection[Path]) -> Iterator[Flaw]:
    kind = read_shapes()[shape]
    if not _is_of_type(kind["type"], value):
        yield _wrong_type(kind, value, path)
    elif kind["type"] == "structure":
        needed = (*kind.get("required", ()), *_ALSO_NEEDED.get(shape, ()))
        yield from _find_flaws_of_keys(kind["members"], needed, value, path, given)
    elif kind["type"] == "list":
        for index, item in enumerate(value):
            yield from _find_flaws(kind["member"], item, (*path, index), ())
    elif kind["type"] == "map":
        for key, item in value.items():
            yield from _find_flaws(kind["value"], item, (*path, key), ())
    else:
        yield from _find_flaws_of_scalar(kind, value, path)


def _is_of_type(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, str):
        return kind == "string"
    if isinstance(value, int):
        return kind in ("integer", "long", "double")
    if isinstance(value, float):
        return kind == "double"
    return (isinstance(value, dict) and kind in ("structure", "map")) or (isinstance(value, list) and kind == "list")


def _wrong_type(kind: Mapping[str, Any], value: Any, path: Path) -> Flaw:
    name = _name(path)
    words = _WORDS[kind["type"]]
    if value is None:
        return Flaw(
            path=path, message=f"{name} must be {words}, not null", fix="Leave the key out, or give it a value."
        )
    if kind["type"] == "string" and isinstance(value, int | float):
        fix = f'Quote it: "{scalar_text(value)}".'
    elif kind["type"] == "structure":
        fix = f"Write a map with the keys {', '.join(kind.get('required') or kind['members'])}."
    else:
        fix = f"Write {words} without quotes." if isinstance(value, str) else f"Write {words}."
    return Flaw(path=path, message=f"{name} must be {words}, not {_shown(value)}", fix=fix)


def _find_flaws_of_keys(
    members: Mapping[str, str], needed: Sequence[str], value: Mapping[str, Any], path: Path, given: Collection[Path]
) -> Iterator[Flaw]:
    for key, item in value.items():
        if key in members:
            yield from _find_flaws(members[key], item, (*path, key), given)
        else:
            message = f"{_owner(path)} has no key {key!r}"
            yield Flaw(path=(*path, key), message=message, fix=suggest(key, members, "keys"), at_key=True)
    for key in needed:
        if key not in value and path not in given:
            yield Flaw(path=path, message=f"{_owner(path)} needs the key {key}", fix=f"Add {key}.")


def _find_flaws_of_scalar(kind: Mapping[str, Any], value: Any, path: Path) -> Iterator[Flaw]:
    value = _text_for_emr(value) if isinstance(value, str) else value
    if value is None:
        return
    name = _name(path)
    if "enum" in kind and value not in kind["enum"]:
        yield Flaw(
            path=path, message=f"{name} cannot be {_shown(value)}", fix=suggest(str(value), kind["enum"], "values")
        )
    least, most = kind.get("min"), kind.get("max")
    if kind["type"] in _BITS:
        bound = 1 << (_BITS[kind["type"]] - 1)
        least, most = -bound if least is None else least, bound - 1 if most is None else most
    size = len(value) if isinstance(value, str) else value
    have, unit = ("have", " characters") if isinstance(value, str) else ("be", "")
    if least is not None and size < least:
        yield Flaw(path=path, message=f"{name} must {have} at least {least}{unit}", fix="Change the value.")
    if most is not None and size > most:
        yield Flaw(path=path, message=f"{name} must {have} at most {most}{unit}", fix="Change the value.")


def _text_for_emr(text: str) -> str | None:
    """The text that EMR gets; None for one with a placeholder, whose value is not known, and for a malformed one, which has a rule of its own."""
    try:
        pieces = parse_text(text)
    except PlaceholderError:
        return None
    return None if any(isinstance(piece, Reference) for piece in pieces) else "".join(map(str, pieces))


def _owner(path: Path) -> str:
    return f"RunJobFlow's {_name(path)}" if path else "RunJobFlow"


def _name(path: Path) -> str:
    return ".".join(str(part) for part in path)


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{'an empty' if not value else 'a'} {'map' if isinstance(value, dict) else 'list'}"
    text = repr(value) if isinstance(value, str) else scalar_text(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"

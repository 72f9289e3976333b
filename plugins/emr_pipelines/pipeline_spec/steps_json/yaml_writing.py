"""Writes plain values as YAML with comments, so that they are read back unchanged. Pure; the reader is `spec.yaml_text`."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emr_pipelines.pipeline_spec.reading.document import Path

_WIDTH = 110
# A text that needs no quotes anywhere in YAML: it begins with a letter and is no word that YAML 1.1 reads as something else.
_PLAIN = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)\Z)[a-z][a-z0-9_./-]*( [a-z0-9_./-]+)*", re.IGNORECASE)
# A size or a duration, such as 18G or 15m.
_MEASURE = re.compile(r"[1-9][0-9]*[kmgtshd]", re.IGNORECASE)


def write_yaml(value: Mapping[str, Any], comments: Mapping[Path, Sequence[str]]) -> str:
    """The document; a comment stands above what its path names, and one of the empty path above everything."""
    lines = [*_comment_lines((), comments, ""), *_block(value, (), comments, "")]
    return "".join(f"{line}\n" for line in lines)


def _block(value: Any, path: Path, comments: Mapping[Path, Sequence[str]], indent: str) -> Iterator[str]:
    """A map or a list with one line, or one block, for each of its values."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, item in items:
        inner = (*path, key)
        yield from _comment_lines(inner, comments, indent)
        head = f"{indent}{_scalar(key)}:" if isinstance(key, str) else f"{indent}-"
        if _fits_one_line(item, inner, comments):
            yield f"{head} {_flow(item)}"
        elif isinstance(key, str):
            yield head
            yield from _block(item, inner, comments, f"{indent}  ")
        else:
            # The comments of an item's first value stand above the dash: between the two there is no room.
            yield from _comment_lines(_first_path(item, inner), comments, indent)
            first, *rest = _block(item, inner, _without_first(item, inner, comments), f"{indent}  ")
            yield f"{head} {first.lstrip()}"
            yield from rest


def _without_first(item: Any, path: Path, comments: Mapping[Path, Sequence[str]]) -> Mapping[Path, Sequence[str]]:
    first = _first_path(item, path)
    return {place: texts for place, texts in comments.items() if place != first}


def _first_path(item: Any, path: Path) -> Path:
    return (*path, next(iter(item)) if isinstance(item, Mapping) else 0)


def _fits_one_line(value: Any, path: Path, comments: Mapping[Path, Sequence[str]]) -> bool:
    """Whether a value stands behind its key. Steps, and what has comments inside, do not."""
    if not isinstance(value, dict | list) or not value:
        return True
    if any(place != path and place[: len(path)] == path for place in comments):
        return False
    is_outer = len(path) == 1 or (len(path) == 2 and path[0] == "steps")
    return not is_outer and len(_flow(value)) <= _WIDTH


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) or _MEASURE.fullmatch(value):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)


def _comment_lines(path: Path, comments: Mapping[Path, Sequence[str]], indent: str) -> Iterator[str]:
    for text in comments.get(path, ()):
        words = "".join(char if char.isprintable() else " " for char in text)
        for line in textwrap.wrap(words, _WIDTH, break_long_words=False, break_on_hyphens=False):
            yield f"{indent}# {line}"

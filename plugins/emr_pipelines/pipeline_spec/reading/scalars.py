"""Reads one plain YAML value, refusing those that YAML 1.1 reads in a way that people do not expect. Pure."""

from __future__ import annotations

import math
import re

_PREFIX = "tag:yaml.org,2002:"
# Dates stay text: a model that wants a date reads it, and an argument gets what was written.
_TEXT_KINDS = ("str", "timestamp", "value", "merge")
SCALAR_TAGS = frozenset(_PREFIX + kind for kind in (*_TEXT_KINDS, "null", "bool", "int", "float"))
_MAX_DIGITS = 30
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
# Control characters besides tabs and line breaks, and the marks that turn the direction of text: a person reads another text than a program.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Unclear(Exception):
    """A key or a value that must be written otherwise; becomes a problem and never leaves `spec`."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def refuse_unseen(text: str) -> None:
    """Raise Unclear for a text with a character that does something else than being read."""
    found = _UNSEEN.search(text)
    if found:
        raise Unclear(
            f"the text holds the control character U+{ord(found.group()):04X}, which people do not see",
            "Remove it; tabs and line breaks may stay.",
        )


def read_plain(tag: str, text: str) -> str | int | float | bool | None:
    """The value of a scalar with a resolved tag. Raises Unclear for the traps of YAML 1.1."""
    kind = tag.removeprefix(_PREFIX)
    if kind in _TEXT_KINDS:
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return _read_bool(text)
    return _read_int(text) if kind == "int" else _read_float(text)


def _read_bool(text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise Unclear(
            f"{text!r} without quotes is true or false in YAML 1.1",
            f'Write true or false, or quote the text: "{text}".',
        )
    return text.casefold() == "true"


def _read_int(text: str) -> int:
    if not _DECIMAL.fullmatch(text):
        raise Unclear(
            f"{text!r} without quotes is a number that is not written in plain decimal digits (octal, hexadecimal, base 60 or with _)",
            f'Write plain digits, or quote the text: "{text}".',
        )
    if len(text) > _MAX_DIGITS:
        raise Unclear(f"a number of {len(text)} digits", "Write a smaller number, or quote the text.")
    return int(text)


def _read_float(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in text:
        raise Unclear(
            f"{text!r} without quotes is not a plain decimal number",
            f'Write a plain number, or quote the text: "{text}".',
        )
    if str(number) != text.removeprefix("+"):
        raise Unclear(
            f"{text!r} without quotes is the number {number}, written otherwise",
            f'Write {number} for the number, or quote the text: "{text}".',
        )
    return number

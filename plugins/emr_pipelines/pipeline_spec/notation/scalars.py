"""Scalars as the texts that steps get. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def scalar_text(value: str | int | float | bool) -> str:
    """A scalar as the text that a step gets: true and false in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def scalars_of(value: Any) -> Iterator[str]:
    """Every text, number, true and false in plain data, as a text."""
    if isinstance(value, dict):
        for item in value.values():
            yield from scalars_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from scalars_of(item)
    elif value is not None:
        yield scalar_text(value)

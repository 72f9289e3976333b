"""The texts and scalars in plain data, each with its path, and scalars as the texts that steps get. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Where a value stands in a document: keys and positions from the top.
Path = tuple[str | int, ...]


def scalar_text(value: str | int | float | bool) -> str:
    """A scalar as the text that a step gets: true and false in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def texts_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text in plain data with its path."""
    return ((inner, item) for inner, item in scalars_in(value, path) if isinstance(item, str))


def scalars_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, str | int | float | bool]]:
    """Every text, number, true and false in plain data with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from scalars_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from scalars_in(item, (*path, index))
    elif value is not None:
        yield path, value

"""The texts and scalars in plain data, each with its path. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emr_pipelines.pipeline_spec.reading.document import Path


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

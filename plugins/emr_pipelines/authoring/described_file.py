"""What `include/data_generators/describe_file.py` says of a file of data. Pure: from JSON to frozen records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FileColumn:
    """A column of a file.

    `path` leads to it through nested objects; `kind` is number, year, date or text; `filled` counts its values and `distinct` the different ones; `decimal` is the
    sign before a number's fraction; `is_key`: its numbers are no amounts; `has_days`: its dates name a sure day; `unsure` says what nobody can tell by the values.
    """

    path: tuple[str, ...]
    kind: str
    filled: int
    distinct: int
    decimal: str = "."
    is_key: bool = False
    has_days: bool = False
    nanoseconds: bool = False
    unsure: str = ""

    @property
    def shown(self) -> str:
        """Its name for people."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedFile:
    """A file of data: how it is read, its columns, and its sample in a folder. `encoding` is set where it was guessed; `left_out` says what no job reads of it, and why."""

    format: str
    sample: str
    columns: tuple[FileColumn, ...]
    encoding: str = ""
    separator: str = ""
    date_formats: tuple[str, ...] = ()
    is_part: bool = False
    left_out: tuple[str, ...] = ()


def parse_description(text: str) -> DescribedFile | str:
    """The description, or the problem that it tells: why the file is none that a job can read, and what to do."""
    given: Mapping[str, Any] = json.loads(text)
    if "problem" in given:
        return str(given["problem"])
    return DescribedFile(
        format=given["format"],
        sample=given["sample"],
        columns=tuple(FileColumn(**{**one, "path": tuple(one["path"])}) for one in given["columns"]),
        encoding=given["encoding"],
        separator=given["separator"],
        date_formats=tuple(given["date_formats"]),
        is_part=given["is_part"],
        left_out=tuple(given["left_out"]),
    )

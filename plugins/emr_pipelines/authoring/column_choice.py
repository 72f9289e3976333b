"""Chooses what a pipeline makes of a file's columns: their names and types in the job, what its table is grouped by, and what it sums. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emr_pipelines.authoring.described_file import DescribedFile, FileColumn

MOST_COLUMNS = 20
_MOST_SUMS = 3
_FEWEST, _MOST_LABELS = 2, 50
# Columns that the jobs add by themselves.
_TAKEN = ("rows", "reason", "example")
_LONGEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class JobColumn:
    """A column of the job's table: its name there, the function of `batch_job.typed_values` that makes it, and where the file has it."""

    name: str
    kind: str
    source: FileColumn

    @property
    def code(self) -> str:
        """The Python expression of the column."""
        words = [self.name, *self.source.path]
        extra = ""
        if self.kind == "number" and self.source.decimal != ".":
            extra = f', decimal="{self.source.decimal}"'
        if self.kind in ("year", "day") and self.source.nanoseconds:
            extra = ", nanoseconds=True"
        return f"{self.kind}({', '.join(_literal(word) for word in words)}{extra})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """The job's columns, the name of that which the table is grouped by, the names of those that it sums, and words about what is left out or unsure."""

    columns: tuple[JobColumn, ...]
    by: str
    sums: tuple[str, ...]
    notes: tuple[str, ...]


def choose_columns(file: DescribedFile) -> ColumnChoice:
    """Choose from what a file holds: grouped by its years, else by a column of few values, else by its first one."""
    used = _first_columns(file.columns)
    columns = tuple(_job_columns(used))
    sums = tuple(column.name for column in columns if column.kind == "number" and not column.source.is_key)
    by = _label(columns)
    notes = [
        *(f"not read: {words}" for words in file.left_out),
        *(f"{column.shown}: {column.unsure}" for column in used if column.unsure),
    ]
    if len(file.columns) > MOST_COLUMNS:
        notes.append(f"{len(file.columns) - MOST_COLUMNS} more columns are not read; add them to COLUMNS")
    chosen = tuple(name for name in sums if name != by)[:_MOST_SUMS]
    return ColumnChoice(columns=columns, by=by, sums=chosen, notes=tuple(notes))


def _first_columns(columns: Sequence[FileColumn]) -> tuple[FileColumn, ...]:
    """The first columns, with the first dates and numbers among them wherever they are."""
    wanted = [
        next((column for column in columns if column.kind in kinds), None) for kinds in (("date", "year"), ("number",))
    ]
    behind = [column for column in wanted if column is not None and column not in columns[:MOST_COLUMNS]]
    return (*columns[: MOST_COLUMNS - len(behind)], *behind)


def _job_columns(used: Sequence[FileColumn]) -> Iterator[JobColumn]:
    taken = set(_TAKEN)
    dated = next((column for column in used if column.kind == "date"), None)
    if dated is not None:
        has_year = any(column.kind == "year" for column in used)
        own = f"{_plain_name(dated)}_year" if has_year else "year"
        taken.add(own)
        yield JobColumn(name=own, kind="year", source=dated)
    for column in used:
        kind = _kind(column)
        name = _free_name(_plain_name(column), taken)
        taken.add(name)
        yield JobColumn(name=name, kind=kind, source=column)


def _kind(column: FileColumn) -> str:
    if column.kind == "date":
        # A day that may be two is kept as it is written.
        return "day" if column.has_days else "text"
    return column.kind


def _label(columns: Sequence[JobColumn]) -> str:
    years = [column.name for column in columns if column.kind == "year"]
    if years:
        return years[0]
    few = [
        column
        for column in columns
        if column.kind == "text"
        and _FEWEST <= column.source.distinct <= min(_MOST_LABELS, max(column.source.filled - 1, _FEWEST))
    ]
    texts = few or [column for column in columns if column.kind == "text"] or list(columns)
    # Of several the one that most rows have, of these the first.
    return max(texts, key=lambda column: column.source.filled).name


def _plain_name(column: FileColumn) -> str:
    """A name of lower-case ASCII letters, digits and underscores; `column` for one that has none of them."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", "_".join(column.path)).replace("ß", "ss")
    ascii_only = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")[:_LONGEST].strip("_")
    return f"n_{name}" if name[:1].isdigit() else name or "column"


def _free_name(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _literal(word: str) -> str:
    """A text as Python has it, in the quotation marks that the formatter leaves alone."""
    shown = "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in word.replace("\\", "\\\\")
    )
    return f"'{shown}'" if '"' in shown and "'" not in shown else '"' + shown.replace('"', '\\"') + '"'

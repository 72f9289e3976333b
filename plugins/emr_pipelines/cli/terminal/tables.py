"""The one writer of tables: whatever stands in a cell or a title is printed as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Column, Table
from rich.text import Text


def text_table(*columns: str | Column, rows: Iterable[Sequence[str | Text]], title: str = "", **look: Any) -> Table:
    """A table of texts; one that is to have a style comes as a `Text`. `look` are rich's own options."""
    table = Table(*columns, title=Text(title, "table.title") if title else None, **look)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    return table

"""How parts of a plan look on a terminal: tables whose cells are folded and never cut off, and lines that a terminal wraps. Reads no plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions
from rich.table import Column, Table
from rich.text import Text

from emr_pipelines.cli.terminal.tables import text_table

_NONE = "-"
# A column of cells up to this width is never folded; a longer word, which is an address or a path, may be.
_SHORT = 18
_BORDERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table with a title. Where the terminal is too narrow for its columns each row becomes some lines."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table | Text]:
        """What rich prints in the space that there is."""
        if self._least_width() <= options.max_width:
            yield self._as_table()
        else:
            yield from self._as_lines()

    def _as_table(self) -> Table:
        headers = self.columns or [""] * self._count()
        columns = (
            Column(header, overflow="fold", no_wrap=self._width(number) <= _SHORT)
            for number, header in enumerate(headers)
        )
        return text_table(
            *columns,
            rows=self.rows,
            title=self.title,
            title_justify="left",
            show_header=bool(self.columns),
            expand=False,
        )

    def _as_lines(self) -> Iterator[Text]:
        yield heading(self.title)
        labels = [f"{name}: " for name in self.columns[1:]] or [""]
        for row in self.rows:
            told = [f"{label}{cell}" for label, cell in zip(labels, row[1:], strict=True) if cell != _NONE]
            yield Text(row[0], overflow="fold")
            yield Text(f"  {'; '.join(told)}", overflow="fold")

    def _count(self) -> int:
        return max((len(self.columns), *map(len, self.rows)))

    def _cells(self, number: int) -> list[str]:
        return [row[number] for row in (self.columns, *self.rows) if row]

    def _width(self, number: int) -> int:
        return max(map(len, self._cells(number)), default=0)

    def _least_width(self) -> int:
        return sum(_BORDERS + min(self._width(number), _SHORT) for number in range(self._count())) + 1


Shown = Rows | Text


def table(title: str, *columns: str, rows: Iterable[Sequence[object]]) -> Rows:
    """A table; without columns it has no header. An empty cell is a dash."""
    cells = tuple(tuple(_NONE if cell in (None, "") else str(cell) for cell in row) for row in rows)
    return Rows(title=title, columns=columns, rows=cells)


def heading(text: str) -> Text:
    """The title of what follows as lines."""
    return Text(f"\n{text}", style="bold")


def duration(seconds: int | None) -> str | None:
    """Seconds in the largest unit that says them exactly."""
    if seconds is None:
        return None
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def value_text(value: Any) -> str:
    """A JSON value in one line: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

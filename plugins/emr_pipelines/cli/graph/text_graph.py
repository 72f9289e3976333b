"""A graph as lines: a dot for each step in the order in which they run, a lane from each to those that need it, and beside it what it reads and where it publishes. Pure.

In a row, `├` and `┼` are lanes that lead to the step and go on, `╰` and `┴` such as end there, and a `│` between two `─` is a lane that is only passed by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from emr_pipelines.plan.pipeline_graph import Node, PipelineGraph

_DOT, _LANE, _ACROSS, _ORDER = "●", "│", "─", "┄"
_ASCII = str.maketrans({"●": "*", "│": "|", "─": "-", "┄": ".", "├": "+", "┼": "+", "┴": "+", "╰": "`", "→": "->"})


@dataclass(slots=True)
class _Lanes:
    """The steps whose lanes are open, by column, each with those that still need it."""

    columns: list[str | None] = field(default_factory=list)
    needed_by: dict[str, set[str]] = field(default_factory=dict)

    def ends(self, source: str, target: str) -> bool:
        """Whether the target is the last that needs the source."""
        return self.needed_by[source] == {target}

    def place(self, name: str, sources: Sequence[str]) -> int:
        """The column of a step: that of its last source where that ends here, else the first free one to the right of all sources."""
        columns = [number for number, one in enumerate(self.columns) if one in sources]
        last = max(columns, default=-1)
        if last >= 0 and self.ends(str(self.columns[last]), name):
            return last
        free = (number for number in range(last + 1, len(self.columns)) if self.columns[number] is None)
        return next(free, len(self.columns))

    def take(self, column: int, name: str, sources: Sequence[str], targets: Sequence[str]) -> None:
        """Close what ends at the step, and open its own lane where somebody needs it."""
        for source in sources:
            self.needed_by[source].discard(name)
        self.columns = [one if one is not None and self.needed_by[one] else None for one in self.columns]
        self.columns += [None] * (column + 1 - len(self.columns))
        self.needed_by[name] = set(targets)
        self.columns[column] = name if targets else None
        while self.columns and self.columns[-1] is None:
            self.columns.pop()

    def between(self) -> str:
        """The open lanes."""
        return " ".join(_LANE if one is not None else " " for one in self.columns)


def text_graph(graph: PipelineGraph, *, ascii_only: bool = False) -> list[str]:
    """The lines of the graph."""
    lanes = _Lanes()
    rows: list[tuple[str, str]] = []
    for node in graph.steps:
        sources = graph.sources_of(node.name, "data", "order")
        drawn = _draw(lanes, graph, node, sources)
        detail = f"  ({node.detail})" if node.detail else ""
        rows.append((drawn, f"{node.name}{detail}"))
        rows += [(lanes.between(), f"  {line}") for line in _details(graph, node)]
        if node is not graph.steps[-1] and rows[-1][0] == drawn:
            rows.append((lanes.between(), ""))
    width = max((len(drawn) for drawn, _ in rows), default=0) + 2
    lines = [f"{drawn:<{width}}{text}".rstrip() for drawn, text in rows]
    return [line.translate(_ASCII) for line in lines] if ascii_only else lines


def _draw(lanes: _Lanes, graph: PipelineGraph, node: Node, sources: Sequence[str]) -> str:
    """The row of a step; takes it into the lanes."""
    own = lanes.place(node.name, sources)
    first = next((number for number, one in enumerate(lanes.columns) if one in sources), own)
    has_data = bool(graph.sources_of(node.name, "data"))
    across = _ACROSS if has_data else _ORDER
    cells = []
    for number in range(max(own + 1, len(lanes.columns))):
        lane = lanes.columns[number] if number < len(lanes.columns) else None
        cells.append(_cell(lanes, node.name, sources, number, own=own, first=first, lane=lane, across=across))
    lanes.take(own, node.name, sources, graph.targets_of(node.name, "data", "order"))
    return "".join(cell + (across if first <= number < own else " ") for number, cell in enumerate(cells)).rstrip()


def _cell(
    lanes: _Lanes,
    name: str,
    sources: Sequence[str],
    number: int,
    *,
    own: int,
    first: int,
    lane: str | None,
    across: str,
) -> str:
    if number == own:
        return _DOT
    if lane in sources and lane is not None:
        ends = lanes.ends(lane, name)
        return ("╰" if ends else "├") if number == first else ("┴" if ends else "┼")
    if lane is not None:
        return _LANE
    return across if first < number < own else " "


def _details(graph: PipelineGraph, node: Node) -> list[str]:
    """What the lanes do not say: the data from elsewhere, the steps that are only waited for, the place of publishing."""
    lines = [f"reads {address}" for address in graph.sources_of(node.name, "external")]
    waits = graph.sources_of(node.name, "order")
    lines += [f"after {', '.join(waits)}"] if waits else []
    lines += [f"reads the output of {', '.join(read)}"] if len(read := graph.sources_of(node.name, "data")) else []
    return [*lines, *(f"publishes {address}" for address in graph.targets_of(node.name, "publish"))]

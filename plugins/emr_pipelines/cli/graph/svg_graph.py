"""A graph as an SVG picture by itself: no script, no font to load, readable on light and dark pages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from emr_pipelines.cli.graph.layered_layout import Box, Route, lay_out
from emr_pipelines.plan.pipeline_graph import Node, PipelineGraph

# Of a monospaced font of 12 px.
_CHARACTER, _LINE = 7.3, 16.0
_PADDING_X, _PADDING_Y = 14.0, 9.0
# A longer address goes on in the next line.
_LONGEST = 34
_STYLE = """
  text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1b2733; text-anchor: middle }
  .detail { fill: #5b6b7a; font-size: 11px }
  rect { stroke-width: 1.4 }
  .step { fill: #e7f1fb; stroke: #2f78b7 }
  .input { fill: #f4f4f2; stroke: #8b8b84 }
  .published { fill: #e9f7ec; stroke: #3c9a55 }
  path { fill: none; stroke: #52606d; stroke-width: 1.4 }
  .order { stroke-dasharray: 4 4 }
  .arrow { fill: #52606d; stroke: none }
"""


def svg_graph(graph: PipelineGraph) -> str:
    """The picture. Data goes along whole lines, an order without data along broken ones."""
    layout = lay_out(graph, {node.name: _size(node) for node in graph.nodes})
    width, height = f"{layout.width:.0f}", f"{layout.height:.0f}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{escape(graph.pipeline)}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="arrow" d="M0,0 L8,4 L0,8 z"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(_path(route) for route in layout.routes),
        *(line for box in layout.boxes for line in _drawn(box)),
        "</svg>",
        "",
    ]
    return "\n".join(lines)


def _size(node: Node) -> tuple[float, float]:
    texts = _texts(node)
    longest = max(map(len, texts))
    return longest * _CHARACTER + 2 * _PADDING_X, len(texts) * _LINE + 2 * _PADDING_Y


def _texts(node: Node) -> list[str]:
    if node.kind == "step":
        return [node.name, *([node.detail] if node.detail else [])]
    return _folded(node.name)


def _folded(address: str) -> list[str]:
    """The address in lines that end where one of its parts ends; nothing of it is left out."""
    lines = [""]
    for part in re.findall(r"s3://[^/]*/?|[^/]+/?|/", address):
        if lines[-1] and len(lines[-1]) + len(part) > _LONGEST:
            lines.append("")
        lines[-1] += part
    return lines


def _drawn(box: Box) -> Iterator[str]:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    radius = 6 if box.node.kind == "step" else 16
    yield f"<g><title>{escape(box.node.name)}</title>"
    yield (
        f'<rect class="{box.node.kind}" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="{radius}"/>'
    )
    for number, text in enumerate(_texts(box.node)):
        line = top + _PADDING_Y + (number + 0.75) * _LINE
        detail = ' class="detail"' if number and box.node.kind == "step" else ""
        yield f'<text{detail} x="{box.x:.1f}" y="{line:.1f}">{escape(text)}</text>'
    yield "</g>"


def _path(route: Route) -> str:
    kind = ' class="order"' if route.edge.kind == "order" else ""
    return f'<path{kind} marker-end="url(#end)" d="{_curve(route.points)}"/>'


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A line through the points that leaves and reaches each of them from above to below."""
    (x, y), *others = points
    parts = [f"M{x:.1f},{y:.1f}"]
    for next_x, next_y in others:
        middle = (y + next_y) / 2
        parts.append(f"C{x:.1f},{middle:.1f} {next_x:.1f},{middle:.1f} {next_x:.1f},{next_y:.1f}")
        x, y = next_x, next_y
    return " ".join(parts)

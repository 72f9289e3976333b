"""Where the nodes of a graph stand in a drawing: in layers from above to below, with few crossings. An edge over several layers goes through a gap in each of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from emr_pipelines.plan.pipeline_graph import Edge, Node, PipelineGraph

_SWEEPS = 6
_GAP_X, _GAP_Y, _MARGIN = 28.0, 56.0, 20.0
_BEND_WIDTH = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A node's rectangle: its middle and its size."""

    node: Node
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An edge's way: from the lower side of its source through points in the gaps to the upper side of its target."""

    edge: Edge
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The drawing, and its size."""

    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


def lay_out(graph: PipelineGraph, sizes: Mapping[str, tuple[float, float]]) -> Layout:
    """The layout; `sizes` are the width and height of each node by name."""
    depths = _depths(graph)
    chains = {edge: _chain(edge, depths) for edge in graph.edges}
    layers = _ordered(_layers(graph, depths, chains.values()), list(chains.values()))
    heights = [max((sizes[name][1] for name in layer if name in sizes), default=0.0) for layer in layers]
    widths = [_width_of(layer, sizes) for layer in layers]
    whole = max(widths, default=0.0)
    middles: dict[str, tuple[float, float]] = {}
    top = _MARGIN
    for layer, height, width in zip(layers, heights, widths, strict=True):
        left = _MARGIN + (whole - width) / 2
        for name in layer:
            own = sizes.get(name, (_BEND_WIDTH, 0.0))[0]
            middles[name] = (left + own / 2, top + height / 2)
            left += own + _GAP_X
        top += height + _GAP_Y
    return Layout(
        boxes=tuple(_box(node, middles, sizes) for node in graph.nodes),
        routes=tuple(_route(edge, chain, middles, sizes) for edge, chain in chains.items()),
        width=whole + 2 * _MARGIN,
        height=top - _GAP_Y + _MARGIN,
    )


def _depths(graph: PipelineGraph) -> dict[str, int]:
    """The layer of each node: below all that lead to it; an input right above the first that reads it."""
    depths: dict[str, int] = {}
    for node in graph.nodes:
        sources = [edge.source for edge in graph.edges if edge.target == node.name]
        depths[node.name] = max((depths.get(source, -1) + 1 for source in sources), default=0)
    for node in graph.nodes:
        if node.kind == "input":
            depths[node.name] = min(depths[edge.target] for edge in graph.edges if edge.source == node.name) - 1
    return depths


def _chain(edge: Edge, depths: Mapping[str, int]) -> tuple[str, ...]:
    """The edge's ends, and a bend for each layer between them."""
    between = range(depths[edge.source] + 1, depths[edge.target])
    bends = (f"\0{edge.source}\0{edge.target}\0{depth}" for depth in between)
    return (edge.source, *bends, edge.target)


def _layers(graph: PipelineGraph, depths: Mapping[str, int], chains: Iterable[tuple[str, ...]]) -> list[list[str]]:
    layers: list[list[str]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for node in graph.nodes:
        layers[depths[node.name]].append(node.name)
    for chain in chains:
        for offset, bend in enumerate(chain[1:-1], 1):
            layers[depths[chain[0]] + offset].append(bend)
    return layers


def _ordered(layers: list[list[str]], chains: Sequence[tuple[str, ...]]) -> list[list[str]]:
    """Each layer in the order of the middles of what leads to it, then of what it leads to, some times over."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for chain in chains:
        for upper, lower in pairwise(chain):
            above.setdefault(lower, []).append(upper)
            below.setdefault(upper, []).append(lower)
    for sweep in range(_SWEEPS):
        neighbours, order = (
            (above, range(1, len(layers))) if sweep % 2 == 0 else (below, range(len(layers) - 2, -1, -1))
        )
        for number in order:
            other = layers[number - 1 if sweep % 2 == 0 else number + 1]
            layers[number] = _by_middle(layers[number], other, neighbours)
    return layers


def _by_middle(layer: list[str], other: list[str], neighbours: Mapping[str, list[str]]) -> list[str]:
    places = {name: number for number, name in enumerate(other)}
    own = {name: number for number, name in enumerate(layer)}

    def middle(name: str) -> float:
        found = [places[one] for one in neighbours.get(name, []) if one in places]
        return sum(found) / len(found) if found else own[name] * len(other) / max(len(layer), 1)

    return sorted(layer, key=middle)


def _width_of(layer: Sequence[str], sizes: Mapping[str, tuple[float, float]]) -> float:
    return sum(sizes.get(name, (_BEND_WIDTH, 0.0))[0] for name in layer) + _GAP_X * max(len(layer) - 1, 0)


def _box(node: Node, middles: Mapping[str, tuple[float, float]], sizes: Mapping[str, tuple[float, float]]) -> Box:
    (x, y), (width, height) = middles[node.name], sizes[node.name]
    return Box(node=node, x=x, y=y, width=width, height=height)


def _route(
    edge: Edge,
    chain: Sequence[str],
    middles: Mapping[str, tuple[float, float]],
    sizes: Mapping[str, tuple[float, float]],
) -> Route:
    (x, y), (end_x, end_y) = middles[edge.source], middles[edge.target]
    start = (x, y + sizes[edge.source][1] / 2)
    end = (end_x, end_y - sizes[edge.target][1] / 2)
    return Route(edge=edge, points=(start, *(middles[bend] for bend in chain[1:-1]), end))

"""A plan as a graph: its steps, the data that they read from elsewhere, the places to which they publish, and what leads from one to another. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from emr_pipelines.pipeline_spec.notation.placeholders import references_in
from emr_pipelines.plan.model import Plan, StepPlan

NodeKind = Literal["input", "step", "published"]
EdgeKind = Literal["data", "order", "external", "publish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step, by its name; or a place on S3, by its address, in which what only a run knows is a placeholder. `detail` says the step's kind and its output's format."""

    name: str
    kind: NodeKind
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What leads from one node to another: an output that a step reads (`data`), an order without data (`order`), an input from elsewhere, or a publication."""

    source: str
    target: str
    kind: EdgeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineGraph:
    """The nodes in an order in which each comes after those that lead to it, and the edges."""

    pipeline: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def steps(self) -> tuple[Node, ...]:
        """The steps alone, in the order in which they run."""
        return tuple(node for node in self.nodes if node.kind == "step")

    def sources_of(self, name: str, *kinds: EdgeKind) -> tuple[str, ...]:
        """What leads to a node by edges of these kinds."""
        return tuple(edge.source for edge in self.edges if edge.target == name and edge.kind in kinds)

    def targets_of(self, name: str, *kinds: EdgeKind) -> tuple[str, ...]:
        """To what a node leads by edges of these kinds."""
        return tuple(edge.target for edge in self.edges if edge.source == name and edge.kind in kinds)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def graph_of(plan: Plan) -> PipelineGraph:
    """The graph of a plan. A place to which one step publishes and from which another reads is one node."""
    edges = tuple(edge for step in plan.steps for edge in _edges_of(step))
    places = {step.output.publish for step in plan.steps if step.output and step.output.publish}
    inputs = dict.fromkeys(edge.source for edge in edges if edge.kind == "external" and edge.source not in places)
    nodes = [Node(name=address, kind="input") for address in inputs]
    for step in plan.steps:
        nodes.append(Node(name=step.name, kind="step", detail=_detail_of(step)))
        nodes += [Node(name=edge.target, kind="published") for edge in edges if _publishes(edge, step)]
    return PipelineGraph(pipeline=plan.name, nodes=tuple(dict.fromkeys(nodes)), edges=edges)


def _edges_of(step: StepPlan) -> Iterator[Edge]:
    read = {
        reference.parts[1]
        for reference in references_in([step.request, list(step.external_inputs)])
        if reference.root == "steps"
    }
    for name in step.upstream:
        yield Edge(source=name, target=step.name, kind="data" if name in read else "order")
    for address in step.external_inputs:
        yield Edge(source=address, target=step.name, kind="external")
    if step.output is not None and step.output.publish is not None:
        yield Edge(source=step.name, target=step.output.publish, kind="publish")


def _publishes(edge: Edge, step: StepPlan) -> bool:
    return edge.kind == "publish" and edge.source == step.name


def _detail_of(step: StepPlan) -> str:
    return step.kind if step.output is None else f"{step.kind}, {step.output.format}"

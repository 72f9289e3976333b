"""A graph in the language of Mermaid, which GitHub and many wikis draw. Pure."""

from __future__ import annotations

from emr_pipelines.plan.pipeline_graph import Node, PipelineGraph

_ARROWS = {"data": "-->", "order": "-. after .->", "external": "-->", "publish": "==>"}


def mermaid_graph(graph: PipelineGraph) -> str:
    """A flowchart from above to below: steps as boxes, places on S3 as stores."""
    ids = {node.name: f"n{number}" for number, node in enumerate(graph.nodes)}
    nodes = [f"    {ids[node.name]}{_shape(node)}" for node in graph.nodes]
    edges = [f"    {ids[edge.source]} {_ARROWS[edge.kind]} {ids[edge.target]}" for edge in graph.edges]
    return "\n".join(["flowchart TD", *nodes, *edges, ""])


def _shape(node: Node) -> str:
    text = _quoted(node.name)
    if node.kind == "step":
        return f'["{text}<br/><small>{_quoted(node.detail)}</small>"]' if node.detail else f'["{text}"]'
    return f'[("{text}")]'


def _quoted(text: str) -> str:
    """The text as Mermaid shows it: its own characters of quoting and markup by their numbers."""
    return "".join(f"#{ord(one)};" if one in '"#<>&`{}[]()|' else one for one in text)

"""`emr-pipelines graph`: a pipeline's steps, which output feeds which, and where they publish; as text, Mermaid or SVG. Reads only files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emr_pipelines.cli.graph.mermaid_graph import mermaid_graph
from emr_pipelines.cli.graph.svg_graph import svg_graph
from emr_pipelines.cli.graph.text_graph import text_graph
from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.project.plans import plan_of
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.file_writing import writing
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.pipeline_graph import PipelineGraph, graph_of


class GraphFormat(StrEnum):
    """How a graph is written."""

    TEXT = "text"
    MERMAID = "mermaid"
    SVG = "svg"


def graph_command(
    pipeline: Annotated[str, typer.Argument(help="A pipeline in config/pipelines.")],
    form: Annotated[GraphFormat, typer.Option("--format", help="What to write.")] = GraphFormat.TEXT,
    out: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    env: EnvironmentOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print nodes and edges for programs.")] = False,
) -> None:
    """Draw a pipeline: its steps, the data and the order between them, and where they publish.

    Example: emr-pipelines graph word_clouds --format svg --out word_clouds.svg
    """
    if as_json and (out is not None or form is not GraphFormat.TEXT):
        raise EmrPipelinesError("--json prints nodes and edges; leave --format and --out out")
    graph = graph_of(plan_of(load_project(env), pipeline))
    if as_json:
        print_json(graph.to_json())
    elif out is None and form is GraphFormat.TEXT:
        _print_text(graph, plain_console(highlight=False))
    elif out is None:
        typer.echo(_written(graph, form), nl=False)
    else:
        with writing(out, "--out"):
            out.write_text(_written(graph, form), encoding="utf-8")
        typer.echo(f"Wrote {out}")


def _print_text(graph: PipelineGraph, console: Console) -> None:
    for line in text_graph(graph, ascii_only=not _draws_lines(console)):
        console.print(line, soft_wrap=True)


def _draws_lines(console: Console) -> bool:
    """Whether the terminal, or whoever reads, can take the characters of lines."""
    try:
        "●│├─┄┼┴╰".encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _written(graph: PipelineGraph, form: GraphFormat) -> str:
    match form:
        case GraphFormat.TEXT:
            return "\n".join([*text_graph(graph), ""])
        case GraphFormat.MERMAID:
            return mermaid_graph(graph)
        case GraphFormat.SVG:
            return svg_graph(graph)

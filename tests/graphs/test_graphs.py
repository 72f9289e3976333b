"""`emr-pipelines graph`: each spec of `specs/` as text, Mermaid and SVG; and that drawings are drawings, whatever the names."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from emr_pipelines.cli.graph.layered_layout import Box, lay_out
from emr_pipelines.cli.graph.mermaid_graph import mermaid_graph
from emr_pipelines.cli.graph.svg_graph import svg_graph
from emr_pipelines.cli.graph.text_graph import text_graph
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.pipeline_graph import Edge, Node, PipelineGraph, graph_of
from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY
from tests.goldens import GRAPHS

SVG = "{http://www.w3.org/2000/svg}"


def graph_in(case: Path) -> PipelineGraph:
    return graph_of(build_plan(load_pipeline(case, environment="local", project_root=REPOSITORY)))


@pytest.mark.parametrize("case", GRAPHS.cases, ids=lambda case: case.stem)
def test_a_pipeline_is_drawn(case: Path) -> None:
    graph = graph_in(case)
    GRAPHS.check(case, ".txt", "\n".join([*text_graph(graph), ""]))
    GRAPHS.check(case, ".mmd", mermaid_graph(graph))
    GRAPHS.check(case, ".svg", svg_graph(graph))


def random_graph(seed: int) -> PipelineGraph:
    """Up to twelve steps, each of which needs some of those before it."""
    choose = random.Random(seed)
    names = [f"step_{number}" for number in range(choose.randint(1, 12))]
    edges = [
        Edge(source=source, target=target, kind=choose.choice(["data", "order"]))
        for source, target in itertools.combinations(names, 2)
        if choose.random() < 0.25
    ]
    return PipelineGraph(
        pipeline="random", nodes=tuple(Node(name=name, kind="step") for name in names), edges=tuple(edges)
    )


def lanes_to(lines: list[str], row: int) -> set[str]:
    """The steps from which lanes lead to the step in this row, found by following the lines as an eye does."""
    dot = lines[row].index("●")
    found: set[str] = set()
    columns = [dot] if row and _leads_down(lines[row - 1], dot) else []
    for column in range(dot - 1, -1, -1):
        character = lines[row][column]
        if character == " ":
            break
        if character in "├┼┴╰":
            columns.append(column)
            goes_on = row + 1 < len(lines) and _leads_down(lines[row + 1], column)
            assert goes_on == (character in "├┼"), "a lane that ends goes on, or one that goes on ends"
    for column in columns:
        above = row - 1
        while lines[above][column] != "●":
            above -= 1
        found.add(lines[above].split("●", 1)[1].replace("─", "").replace("│", "").split()[0])
    return found


def _leads_down(line: str, column: int) -> bool:
    return column < len(line) and line[column] in "│●├┼"


@pytest.mark.parametrize("seed", range(60))
def test_whoever_follows_the_lanes_finds_what_a_step_needs(seed: int) -> None:
    graph = random_graph(seed)
    lines = text_graph(graph)
    rows = {
        name: row for row, line in enumerate(lines) for name in line.split() if "●" in line and name.startswith("step_")
    }
    for node in graph.steps:
        assert lanes_to(lines, rows[node.name]) == {*graph.sources_of(node.name, "data", "order")}, "\n".join(lines)


@pytest.mark.parametrize("seed", range(30))
def test_no_box_of_a_drawing_covers_another_and_edges_lead_down(seed: int) -> None:
    graph = random_graph(seed)
    layout = lay_out(graph, {node.name: (40.0 + 9 * len(node.name), 30.0) for node in graph.nodes})
    for one, other in itertools.combinations(layout.boxes, 2):
        assert not covers(one, other)
    for box in layout.boxes:
        assert box.x - box.width / 2 >= 0
        assert box.x + box.width / 2 <= layout.width
    for route in layout.routes:
        heights = [y for _, y in route.points]
        assert heights == sorted(heights)


def covers(one: Box, other: Box) -> bool:
    return (
        abs(one.x - other.x) < (one.width + other.width) / 2 and abs(one.y - other.y) < (one.height + other.height) / 2
    )


def test_names_with_the_characters_of_a_language_stay_names() -> None:
    hostile = 's3://b/<x>&"y"/${params.a}'
    nodes = (Node(name=hostile, kind="input"), Node(name="step", kind="step", detail="spark"))
    graph = PipelineGraph(pipeline="<p>", nodes=nodes, edges=(Edge(source=hostile, target="step", kind="external"),))
    titles = [one.text for one in ElementTree.fromstring(svg_graph(graph)).iter(f"{SVG}title")]
    assert titles == ["<p>", hostile, "step"]
    assert '"y"' not in mermaid_graph(graph)


def test_graph_reads_only_files_and_writes_where_it_is_told(tmp_path: Path) -> None:
    out = tmp_path / "words.svg"
    told = run_tool(REPOSITORY, "graph", "word_clouds", "--format", "svg", "--out", str(out))
    assert (told.returncode, told.stdout) == (0, f"Wrote {out}\n")
    assert ElementTree.parse(out).getroot().tag == f"{SVG}svg"
    refused = run_tool(REPOSITORY, "graph", "word_clouds", "--out", str(tmp_path / "no" / "words.svg"))
    assert refused.returncode == 1
    assert str(tmp_path / "no" / "words.svg") in refused.stderr
    data = json.loads(run_tool(REPOSITORY, "graph", "word_clouds", "--json").stdout)
    assert [node["kind"] for node in data["nodes"]] == ["input", "step", "step", "step", "published"]


def test_a_terminal_without_lines_gets_plain_characters() -> None:
    told = run_tool(REPOSITORY, "graph", "word_clouds", PYTHONIOENCODING="ascii")
    assert told.returncode == 0
    assert told.stdout.startswith("*  preprocess_titles  (spark, parquet)\n|")


def test_neither_airflow_nor_boto3_is_imported() -> None:
    program = "import sys; from typer.testing import CliRunner; from emr_pipelines.cli.main import app; r = CliRunner().invoke(app, ['graph', 'word_clouds']); assert r.exit_code == 0, r.output; print({'airflow', 'boto3', 'botocore'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"

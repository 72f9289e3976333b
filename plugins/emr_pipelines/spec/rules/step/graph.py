"""Rules about the graph of steps: who uses whose output, and in which order they stand. Pure."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator

from emr_pipelines.spec.context import Context, Finding
from emr_pipelines.spec.notation.spelling import suggest
from emr_pipelines.spec.references import Edge, step_edges


def check_known_steps(context: Context) -> Iterator[Finding]:
    """Every step that is named exists."""
    names = _positions(context)
    for edge in step_edges(context):
        if edge.upstream not in names and not _may_be_unreadable(context):
            yield Finding(
                path=edge.path,
                message=f"there is no step {edge.upstream!r}",
                fix=suggest(edge.upstream, names, "steps"),
            )


def check_cycles(context: Context) -> Iterator[Finding]:
    """No step waits for itself, directly or through others."""
    cycle = find_cycle(context)
    if cycle:
        names = _positions(context)
        edge = next(
            edge for edge in _real_edges(context) if edge.upstream == cycle[-2] and edge.index == names[cycle[-1]]
        )
        if len(cycle) == 2:
            message = f"step {cycle[0]!r} waits for itself"
            fix = "Remove the reference; a step's own output may be named in its args and its command only."
        else:
            message = f"these steps wait for each other: {' → '.join(cycle)}"
            fix = "Break the circle: remove one of these references."
        yield Finding(path=edge.path, message=message, fix=fix)


def check_order(context: Context) -> Iterator[Finding]:
    """A step stands after the steps that it names."""
    names = _positions(context)
    cycle = set(find_cycle(context))
    for edge in _real_edges(context):
        step = context.spec.steps[edge.index].name
        if names[edge.upstream] > edge.index and not {step, edge.upstream} <= cycle:
            line = context.document.mark(("steps", names[edge.upstream])).line
            yield Finding(
                path=edge.path,
                message=f"step {edge.upstream!r} stands later, in line {line}",
                fix=f"Move {edge.upstream!r} before {step!r}.",
            )


def check_outputs_declared(context: Context) -> Iterator[Finding]:
    """A step whose output is used declares one."""
    names = _positions(context)
    for edge in step_edges(context):
        if edge.of_output and edge.upstream in names and context.is_absent(("steps", names[edge.upstream], "output")):
            fix = f"Add output to {edge.upstream!r}, for example `output: parquet`; to wait for a step without an output use `after`."
            yield Finding(path=edge.path, message=f"step {edge.upstream!r} declares no output", fix=fix)


def check_from_step_alone(context: Context) -> Iterator[Finding]:
    """`from_step` is the single input."""
    for path, step in context.steps():
        if step.from_step and step.inputs:
            fix = f'Write `inputs: {{…, {step.from_step}: "${{steps.{step.from_step}.output}}"}}` alone.'
            yield Finding(path=(*path, "from_step"), message="from_step together with inputs", fix=fix, at_key=True)


def find_cycle(context: Context) -> list[str]:
    """One circle of steps as a path that ends where it begins; empty when there is none."""
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for edge in _real_edges(context):
        sorter.add(context.spec.steps[edge.index].name, edge.upstream)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def _real_edges(context: Context) -> Iterator[Edge]:
    """The edges to steps that exist, without those by which a step names its own new output."""
    names = _positions(context)
    for edge in step_edges(context):
        is_own = edge.of_own and edge.upstream == context.spec.steps[edge.index].name
        if edge.upstream in names and not is_own:
            yield edge


def _positions(context: Context) -> dict[str, int]:
    positions: dict[str, int] = {}
    for index, step in enumerate(context.spec.steps):
        positions.setdefault(step.name, index)
    return positions


def _may_be_unreadable(context: Context) -> bool:
    """Whether the name of some step could not be read, so that the named step may exist after all."""
    return any(path[:1] == ("steps",) and path[2:] in ((), ("name",)) for path in context.broken)

"""Rules about the graph of steps: who uses whose output, and in which order they stand. Pure."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.pipeline_spec.references import Edge, step_edges


def check_known_steps(context: Context) -> Iterator[RuleViolation]:
    """Every step that is named exists."""
    names = _positions(context)
    for edge in step_edges(context):
        if edge.upstream not in names and not _may_be_unreadable(context):
            yield RuleViolation(
                path=edge.path,
                message=f"there is no step {edge.upstream!r}",
                fix=suggest(edge.upstream, names, "steps"),
            )


def check_cycles(context: Context) -> Iterator[RuleViolation]:
    """No step waits for itself, directly or through others."""
    cycle = find_cycle(context)
    if cycle:
        names = [context.spec.steps[index].name for index in cycle]
        edge = next(edge for edge, upstream in _real_edges(context) if (upstream, edge.index) == (cycle[-2], cycle[-1]))
        if len(cycle) == 2:
            message = f"step {names[0]!r} waits for itself"
            fix = "Remove the reference; a step's own output may be named in its args and its command only."
        else:
            message = f"these steps wait for each other: {' → '.join(names)}"
            fix = "Break the circle: remove one of these references."
        yield RuleViolation(path=edge.path, message=message, fix=fix)


def check_order(context: Context) -> Iterator[RuleViolation]:
    """A step stands after the steps that it names."""
    cycle = set(find_cycle(context))
    for edge, upstream in _real_edges(context):
        if upstream > edge.index and not {edge.index, upstream} <= cycle:
            line = context.document.mark(("steps", upstream)).line
            yield RuleViolation(
                path=edge.path,
                message=f"step {edge.upstream!r} stands later, in line {line}",
                fix=f"Move {edge.upstream!r} before {context.spec.steps[edge.index].name!r}.",
            )


def check_outputs_declared(context: Context) -> Iterator[RuleViolation]:
    """A step whose output is used declares one."""
    names = _positions(context)
    for edge in step_edges(context):
        if edge.of_output and edge.upstream in names and context.is_absent(("steps", names[edge.upstream], "output")):
            fix = f"Add output to {edge.upstream!r}, for example `output: parquet`; to wait for a step without an output use `after`."
            yield RuleViolation(path=edge.path, message=f"step {edge.upstream!r} declares no output", fix=fix)


def check_from_step_alone(context: Context) -> Iterator[RuleViolation]:
    """`from_step` is the single input."""
    for path, step in context.steps():
        if step.from_step and step.inputs:
            fix = f'Write `inputs: {{…, {step.from_step}: "${{steps.{step.from_step}.output}}"}}` alone.'
            yield RuleViolation(
                path=(*path, "from_step"), message="from_step together with inputs", fix=fix, at_key=True
            )


def find_cycle(context: Context) -> list[int]:
    """One circle of steps, by their places in the file, as a path that ends where it begins; empty when there is none."""
    sorter: graphlib.TopologicalSorter[int] = graphlib.TopologicalSorter()
    for edge, upstream in _real_edges(context):
        sorter.add(edge.index, upstream)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def _real_edges(context: Context) -> Iterator[tuple[Edge, int]]:
    """The edges to steps that exist, with the place of the named step, without those by which a step names its own new output.

    Where two steps have one name, which is a problem of its own, the name means the first.
    """
    positions = _positions(context)
    for edge in step_edges(context):
        is_own = edge.of_own and edge.upstream == context.spec.steps[edge.index].name
        if edge.upstream in positions and not is_own:
            yield edge, positions[edge.upstream]


def _positions(context: Context) -> dict[str, int]:
    positions: dict[str, int] = {}
    for index, step in enumerate(context.spec.steps):
        positions.setdefault(step.name, index)
    return positions


def _may_be_unreadable(context: Context) -> bool:
    """Whether the name of some step could not be read, so that the named step may exist after all."""
    return any(path[:1] == ("steps",) and path[2:] in ((), ("name",)) for path in context.broken)

"""The order of the steps: by the outputs that they use and by `after`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.placeholders import references_in


def upstream_of(steps: Sequence[StepSpec]) -> dict[str, tuple[str, ...]]:
    """The names of the steps that each step must wait for, in the order of the spec."""
    return {step.name: _upstream(step, [other.name for other in steps]) for step in steps}


def _upstream(step: StepSpec, names: Sequence[str]) -> tuple[str, ...]:
    # The whole step is searched: whatever part of it names another step's output needs that output to exist.
    used = {
        reference.parts[1]
        for reference in references_in(step.model_dump(exclude={"description"}))
        if reference.root == "steps"
    }
    needed = (used | {*step.after, step.from_step}) - {step.name}
    return tuple(name for name in names if name in needed)


def order_steps(steps: Sequence[StepSpec], upstream: Mapping[str, Sequence[str]]) -> list[StepSpec]:
    """The steps, each after its upstream; among those that are ready, in the order of the spec.

    Raises EmrPipelinesError when steps wait for each other.
    """
    positions = {step.name: position for position, step in enumerate(steps)}
    sorter = TopologicalSorter(upstream)
    try:
        sorter.prepare()
    except CycleError as error:
        raise EmrPipelinesError(
            f"Steps wait for each other: {' -> '.join(error.args[1])}; drop one of the references"
        ) from error
    ordered: list[StepSpec] = []
    ready: set[str] = set()
    while sorter.is_active():
        ready.update(sorter.get_ready())
        first = min(ready, key=positions.__getitem__)
        ready.remove(first)
        sorter.done(first)
        ordered.append(steps[positions[first]])
    return ordered

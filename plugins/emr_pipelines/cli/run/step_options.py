"""`run --step`, `--from-step` and `--terminate`: which steps they mean, and what does not go together. Reads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.step_selection import choose_steps

StepOption = Annotated[
    str | None, typer.Option(help="Run this step only, with the latest verified outputs of those before it.")
]
FromStepOption = Annotated[str | None, typer.Option(help="Run this step and all that come after it.")]
InlineOption = Annotated[bool, typer.Option("--inline", help="Run it in this process, without Airflow.")]
TerminateOption = Annotated[
    bool, typer.Option("--terminate", help="With --step or --from-step: leave no cluster waiting.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChoice:
    """What the options ask for: the steps, and whether the cluster ends with the run."""

    steps: tuple[str, ...]
    terminate: bool


def parse_step_options(plan: Plan, *, step: str | None, from_step: str | None, terminate: bool) -> StepChoice | None:
    """The chosen steps; None for a whole run. Raises EmrPipelinesError for options that do not go together and steps that cannot run so."""
    if step is not None and from_step is not None:
        raise EmrPipelinesError("--step runs one step, --from-step it and all that come after it; give one of them")
    name = step if step is not None else from_step
    if name is None:
        if terminate:
            raise EmrPipelinesError(
                "--terminate ends the cluster that waits between runs of --step and --from-step; a whole run ends its own anyway"
            )
        return None
    if terminate and plan.cluster.request is None:
        raise EmrPipelinesError(f"--terminate: the cluster of {plan.name} is a long-running one, which no run ends")
    return StepChoice(steps=choose_steps(plan, name, onward=step is None), terminate=terminate)

"""What the commands of several kinds are made of, and how people read one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.plan.artifacts import CodeLayout
from emr_pipelines.plan.kinds.step_command import COMMAND_RUNNER


def inputs_of(step: StepSpec) -> Mapping[str, str]:
    """The step's named inputs; `from_step` is one that has the name of the step that it comes from."""
    return {step.from_step: f"${{steps.{step.from_step}.output}}"} if step.from_step else step.inputs


def own_output(step: StepSpec) -> str:
    """The prefix to which this attempt of the step writes."""
    return f"${{steps.{step.name}.output}}"


def free_arguments(step: StepSpec, layout: CodeLayout) -> tuple[str, ...]:
    """The step's `args`, in which a file of the project becomes its address."""
    return tuple(layout.address(scalar_text(argument)) for argument in step.args)


def command_line(request: Mapping[str, Any]) -> list[str]:
    """A StepConfig as people read it: its arguments, after the jar and its class where it is a jar of its own."""
    jar_step = request["HadoopJarStep"]
    words = [jar_step["Jar"], jar_step.get("MainClass"), *jar_step["Args"]]
    return [word for word in words if word not in (None, COMMAND_RUNNER)]

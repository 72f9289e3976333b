"""What the requests of several kinds of step are made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emr_pipelines.plan.code_layout import CodeLayout
from emr_pipelines.spec.models.pipeline import StepSpec
from emr_pipelines.spec.reading.plain_values import scalar_text

COMMAND_RUNNER = "command-runner.jar"
# Fetches a script from S3 and starts it; every region has its own copy (AWS: emr-commandrunner).
SCRIPT_RUNNER = "s3://${env.region}.elasticmapreduce/libs/script-runner/script-runner.jar"


def inputs_of(step: StepSpec) -> Mapping[str, str]:
    """The step's named inputs; `from_step` is one that has the name of the step that it comes from."""
    return {step.from_step: f"${{steps.{step.from_step}.output}}"} if step.from_step else step.inputs


def own_output(step: StepSpec) -> str:
    """The prefix to which this attempt of the step writes."""
    return f"${{steps.{step.name}.output}}"


def free_arguments(step: StepSpec, layout: CodeLayout) -> Iterator[str]:
    """The step's `args`, in which a file of the project becomes its address."""
    yield from (layout.address(scalar_text(argument)) for argument in step.args)


def command_line(request: Mapping[str, Any]) -> list[str]:
    """A StepConfig as people read it: its arguments, after the jar and its class where it is a jar of its own."""
    jar_step = request["HadoopJarStep"]
    words = [jar_step["Jar"], jar_step.get("MainClass"), *jar_step["Args"]]
    return [word for word in words if word not in (None, COMMAND_RUNNER)]


def list_option(option: str, items: Iterable[str]) -> Iterator[str]:
    """An option whose value is a list with commas; nothing for an empty list."""
    joined = ",".join(dict.fromkeys(items))
    if joined:
        yield from (option, joined)

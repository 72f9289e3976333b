"""The StepConfig of a step, with placeholders for what only the run knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from emr_pipelines.plan.code_layout import CodeLayout
from emr_pipelines.plan.keys import step_label
from emr_pipelines.spec.context import scalar_text
from emr_pipelines.spec.models import SparkSpec, StepSpec

_ACTIONS = {"continue": "CONTINUE", "cancel_and_wait": "CANCEL_AND_WAIT", "terminate_cluster": "TERMINATE_CLUSTER"}


def step_request(pipeline: str, step: StepSpec, layout: CodeLayout) -> dict[str, Any]:
    """The StepConfig for AddJobFlowSteps. Every argument is one list item from here to the process: no shell ever splits it."""
    arguments = (
        _command_arguments(step, layout) if step.spark is None else _spark_submit(pipeline, step, step.spark, layout)
    )
    return {
        "Name": step_label(step.name, "${step.key}"),
        "ActionOnFailure": _ACTIONS[step.on_failure],
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": list(arguments)},
    }


def inputs_of(step: StepSpec) -> Mapping[str, str]:
    """The step's named inputs; `from_step` is one that has the name of the step that it comes from."""
    return {step.from_step: f"${{steps.{step.from_step}.output}}"} if step.from_step else step.inputs


def _command_arguments(step: StepSpec, layout: CodeLayout) -> Iterator[str]:
    """A command's own list and nothing more: it names its inputs and its output itself, by placeholders."""
    yield from (layout.address(scalar_text(argument)) for argument in (*(step.command or []), *step.args))


def _spark_submit(pipeline: str, step: StepSpec, spark: SparkSpec, layout: CodeLayout) -> Iterator[str]:
    yield from ("spark-submit", "--deploy-mode", spark.deploy_mode, "--name", f"{pipeline}.{step.name}")
    yield from _resource_options(spark)
    for name, value in sorted(spark.conf.items()):
        yield from ("--conf", f"{name}={scalar_text(value)}")
    yield from _list_option("--packages", spark.packages)
    libraries = [layout.address(path) for path in spark.py_files]
    # The job's own packages come first: a library of the same name must not hide them.
    yield from _list_option("--py-files", [*layout.packages_of(spark.script), *libraries])
    yield from _list_option("--files", [layout.address(path) for path in spark.files])
    yield from _list_option("--archives", [layout.address(path) for path in spark.archives])
    if spark.main_class is not None:
        yield from ("--class", spark.main_class)
    yield layout.address(spark.script or spark.jar or "")
    yield from _job_arguments(step, layout)


def _resource_options(spark: SparkSpec) -> Iterator[str]:
    options = {
        "--num-executors": spark.executors,
        "--executor-memory": spark.executor_memory,
        "--executor-cores": spark.executor_cores,
        "--driver-memory": spark.driver_memory,
        "--driver-cores": spark.driver_cores,
    }
    for option, value in options.items():
        if value is not None:
            yield from (option, str(value))


def _list_option(option: str, items: Iterable[str]) -> Iterator[str]:
    joined = ",".join(dict.fromkeys(items))
    if joined:
        yield from (option, joined)


def _job_arguments(step: StepSpec, layout: CodeLayout) -> Iterator[str]:
    for name, address in inputs_of(step).items():
        yield from ("--input", f"{name}={layout.address(address)}")
    if step.output is not None:
        yield from ("--output", f"${{steps.{step.name}.output}}")
    yield from (scalar_text(argument) for argument in step.args)

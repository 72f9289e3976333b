"""The StepConfig of a step, with placeholders for what only the run knows. Pure."""

from __future__ import annotations

from typing import Any

from emr_pipelines.plan.code_layout import CodeLayout
from emr_pipelines.plan.keys import step_label
from emr_pipelines.plan.legacy_contract import LegacyContract
from emr_pipelines.plan.requests.arguments import COMMAND_RUNNER, SCRIPT_RUNNER, free_arguments
from emr_pipelines.plan.requests.dist_cp import s3_dist_cp
from emr_pipelines.plan.requests.spark import spark_submit
from emr_pipelines.plan.requests.streaming import hadoop_streaming
from emr_pipelines.spec.models.pipeline import StepSpec
from emr_pipelines.spec.project_files.command_scripts import find_command_script
from emr_pipelines.spec.reading.plain_values import scalar_text

_ACTIONS = {"continue": "CONTINUE", "cancel_and_wait": "CANCEL_AND_WAIT", "terminate_cluster": "TERMINATE_CLUSTER"}


def step_request(pipeline: str, step: StepSpec, layout: CodeLayout, legacy: LegacyContract) -> dict[str, Any]:
    """The StepConfig for AddJobFlowSteps. Every argument is one list item from here to the process: no shell ever splits it."""
    return {
        "Name": step_label(step.name, "${step.key}"),
        "ActionOnFailure": _ACTIONS[step.on_failure],
        "HadoopJarStep": _jar_step(pipeline, step, layout, legacy),
    }


def _jar_step(pipeline: str, step: StepSpec, layout: CodeLayout, legacy: LegacyContract) -> dict[str, Any]:
    if step.jar:
        main_class = {} if step.jar.main_class is None else {"MainClass": step.jar.main_class}
        return {"Jar": layout.address(step.jar.path), **main_class, "Args": list(free_arguments(step, layout))}
    if step.spark:
        arguments = spark_submit(pipeline, step, step.spark, layout, legacy)
    elif step.streaming:
        arguments = hadoop_streaming(pipeline, step, step.streaming, layout)
    elif step.s3_dist_cp:
        arguments = s3_dist_cp(step, step.s3_dist_cp, layout)
    else:
        return _command(step, layout)
    return {"Jar": COMMAND_RUNNER, "Args": list(arguments)}


def _command(step: StepSpec, layout: CodeLayout) -> dict[str, Any]:
    """A command's own list and nothing more: it names its inputs and its output itself, by placeholders."""
    words = [scalar_text(word) for word in (*(step.command or []), *step.args)]
    script = find_command_script(words, lambda word: layout.address(word) != word)
    addresses = [layout.address(word) for word in words]
    if script and script.is_runnable:
        return {"Jar": SCRIPT_RUNNER, "Args": addresses[script.index :]}
    return {"Jar": COMMAND_RUNNER, "Args": addresses}

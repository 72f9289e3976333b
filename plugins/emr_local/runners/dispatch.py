"""Chooses what prepares a step, by its jar and first argument. Starts nothing."""

from __future__ import annotations

from emr_local.runners.hadoop_fs import prepare_hadoop_fs
from emr_local.runners.prepared import PreparedStep
from emr_local.runners.shell import SUPPORTED, prepare_command, prepare_script
from emr_local.runners.spark import prepare_spark
from emr_local.runners.step_context import StepContext, StepRejectedError

_JARS = "command-runner.jar and script-runner.jar"


def prepare_step(context: StepContext, java_options: tuple[str, ...]) -> PreparedStep:
    """Turn a step into what to start; raise StepRejectedError for what a local EMR cannot run."""
    step = context.step
    jar = step.jar.rsplit("/", 1)[-1]
    if jar == "script-runner.jar":
        return prepare_script(context, step.args)
    if jar != "command-runner.jar":
        raise StepRejectedError(
            f"Jar {step.jar!r} cannot be run: a local EMR runs {_JARS}. Run a jar of your own as 'spark-submit --class … {step.jar}' through command-runner.jar."
        )
    if not step.args:
        raise StepRejectedError(f"command-runner.jar: no command was given. A local EMR runs {SUPPORTED}.")
    if step.args[0] == "spark-submit":
        return prepare_spark(context, step.args[1:], java_options)
    if step.args[0] in ("hadoop", "hdfs"):
        return prepare_hadoop_fs(context, step.args, java_options)
    return prepare_command(context, step.args)

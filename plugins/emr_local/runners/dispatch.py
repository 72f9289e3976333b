"""Chooses what prepares a step, by its jar and first argument. Starts nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

from emr_local.runners.commands.custom_jar import prepare_example, prepare_jar
from emr_local.runners.commands.hadoop_fs import prepare_hadoop_fs
from emr_local.runners.commands.shell import SUPPORTED, prepare_command, prepare_script
from emr_local.runners.dist_cp.prepare import prepare_dist_cp
from emr_local.runners.prepared import PreparedStep
from emr_local.runners.spark.prepare import prepare_spark
from emr_local.runners.step_context import StepContext, StepRejectedError
from emr_local.runners.streaming.prepare import prepare_streaming

_Prepare = Callable[[StepContext, tuple[str, ...], tuple[str, ...]], PreparedStep]

_PROGRAMS: dict[str, _Prepare] = {
    "spark-submit": prepare_spark,
    "hadoop-streaming": prepare_streaming,
    "s3-dist-cp": prepare_dist_cp,
    "spark-example": prepare_example,
    "run-example": prepare_example,
}
_PROGRAM_JARS: dict[str, _Prepare] = {
    r"hadoop-streaming.*\.jar": prepare_streaming,
    r"s3-?dist-?cp.*\.jar": prepare_dist_cp,
}
_REFUSED = {
    "hive-script": "it needs Hive",
    "pig-script": "it needs Pig",
    "state-pusher-script": "it sets up debugging in the EMR console",
    "hadoop-lzo": "it needs the lzo library",
}


def prepare_step(context: StepContext, java_options: tuple[str, ...]) -> PreparedStep:
    """Turn a step into what to start; raise StepRejectedError for what a local EMR cannot run."""
    step = context.step
    jar = step.jar.rsplit("/", 1)[-1]
    if jar == "script-runner.jar":
        return prepare_script(context, step.args, java_options)
    if jar != "command-runner.jar":
        return _prepare_any_jar(context, step.jar, step.args, java_options, step.main_class)
    if not step.args:
        raise StepRejectedError(f"command-runner.jar: no command was given. A local EMR runs {SUPPORTED}.")
    return _prepare_program(context, step.args[0], step.args[1:], java_options)


def _prepare_program(
    context: StepContext, name: str, arguments: tuple[str, ...], java_options: tuple[str, ...]
) -> PreparedStep:
    if name in _PROGRAMS:
        return _PROGRAMS[name](context, arguments, java_options)
    if name in _REFUSED:
        raise StepRejectedError(
            f"command-runner.jar: {name!r} is not a command that a local EMR runs: {_REFUSED[name]}. It runs {SUPPORTED}."
        )
    if (name, *arguments[:1]) in (("hadoop", "jar"), ("yarn", "jar")) and len(arguments) > 1:
        return _prepare_any_jar(context, arguments[1], arguments[2:], java_options)
    if (name, *arguments[:1]) == ("mapred", "streaming"):
        return prepare_streaming(context, arguments[1:], java_options)
    if name in ("hadoop", "hdfs"):
        return prepare_hadoop_fs(context, (name, *arguments), java_options)
    return prepare_command(context, (name, *arguments), java_options)


def _prepare_any_jar(
    context: StepContext,
    jar: str,
    arguments: tuple[str, ...],
    java_options: tuple[str, ...],
    main_class: str | None = None,
) -> PreparedStep:
    for pattern, prepare in _PROGRAM_JARS.items():
        if re.fullmatch(pattern, jar.rsplit("/", 1)[-1], re.IGNORECASE):
            return prepare(context, arguments, java_options)
    return prepare_jar(context, jar, arguments, java_options, main_class)

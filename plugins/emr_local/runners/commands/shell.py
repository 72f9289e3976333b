"""Prepares steps that are any other command of this machine, and script-runner steps. Starts nothing."""

from __future__ import annotations

import os
import shutil

from emr_local.runners.commands.launchers import write_launchers
from emr_local.runners.prepared import PreparedStep
from emr_local.runners.step_context import StepContext, StepRejectedError

SUPPORTED = "spark-submit, hadoop-streaming, s3-dist-cp, hadoop fs, hadoop jar, hdfs dfs, bash and any command on this machine's PATH"


def prepare_command(context: StepContext, arguments: tuple[str, ...], java_options: tuple[str, ...]) -> PreparedStep:
    """Prepare a step that runs a command found on PATH."""
    environment = _environment(context, java_options)
    executable = shutil.which(arguments[0], path=environment["PATH"])
    if executable is None:
        raise StepRejectedError(
            f"command-runner.jar: {arguments[0]!r} is not a command that a local EMR runs. It runs {SUPPORTED}."
        )
    return PreparedStep(argv=(executable, *arguments[1:]), environment=environment)


def prepare_script(context: StepContext, arguments: tuple[str, ...], java_options: tuple[str, ...]) -> PreparedStep:
    """Prepare a script-runner.jar step: the script is fetched and run with the rest as its arguments."""
    if not arguments:
        raise StepRejectedError("script-runner.jar: no script was named. Give its s3:// URI as the first argument.")
    script = context.fetch(arguments[0], context.work)
    script.chmod(0o755)
    has_interpreter = script.read_bytes()[:2] == b"#!"
    return PreparedStep(
        argv=(*(() if has_interpreter else ("bash",)), str(script), *arguments[1:]),
        environment=_environment(context, java_options),
    )


def _environment(context: StepContext, java_options: tuple[str, ...]) -> dict[str, str]:
    environment = context.machine.environment() | {
        "HOME": str(context.work),
        "EMR_STEP_ID": context.step.step_id,
        "EMR_CLUSTER_ID": context.step.cluster_id,
    }
    if context.machine.java:
        environment["HADOOP_CONF_DIR"] = str(context.write_hadoop_conf())
        launchers = write_launchers(context, java_options)
        environment["PATH"] = os.pathsep.join([str(launchers), environment["PATH"]])
    return environment

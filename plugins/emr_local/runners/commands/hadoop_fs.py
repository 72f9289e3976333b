"""Prepares `hadoop fs` and `hdfs dfs` steps: Hadoop's own shell, from pyspark's jars. Starts nothing."""

from __future__ import annotations

import re

from emr_local.runners.prepared import PreparedStep
from emr_local.runners.step_context import StepContext, StepRejectedError

_SHELLS = {("hadoop", "fs"), ("hdfs", "dfs"), ("hadoop", "dfs")}
_BARE_AUTHORITY = re.compile(r"(?:s3|s3a|s3n|hdfs)://[^/]+")


def prepare_hadoop_fs(context: StepContext, arguments: tuple[str, ...], java_options: tuple[str, ...]) -> PreparedStep:
    """Prepare a step whose command is `hadoop` or `hdfs`."""
    if arguments[:2] not in _SHELLS:
        raise StepRejectedError(f"{' '.join(arguments[:2])}: only 'hadoop fs …' and 'hdfs dfs …' run on a local EMR.")
    java = context.machine.require_java()
    class_path = f"{context.write_hadoop_conf()}:{context.machine.spark_home}/jars/*"
    paths = (f"{argument}/" if _BARE_AUTHORITY.fullmatch(argument) else argument for argument in arguments[2:])
    return PreparedStep(
        argv=(str(java.executable), *java_options, "-cp", class_path, "org.apache.hadoop.fs.FsShell", *paths),
        environment=context.machine.environment(),
    )

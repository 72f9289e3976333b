"""Commands of an EMR node for the shell scripts of a step: `hadoop`, `hdfs`, `spark-submit` and `s3-dist-cp`, as small scripts on its PATH. Starts nothing."""

from __future__ import annotations

import shlex
from pathlib import Path

from emr_local.runners.dist_cp.prepare import dist_cp_command
from emr_local.runners.filesystem import as_spark_properties
from emr_local.runners.spark.properties import cluster_defaults, localise
from emr_local.runners.step_context import StepContext

_HADOOP = """#!/bin/sh
# Hadoop's own shell and `hadoop jar`, as on an EMR node.
java() {{ exec {java} "$@"; }}
case "$1" in
fs | dfs)
    shift
    for word; do
        shift
        case "$word" in
        *://*/*) ;;
        s3://?* | s3a://?* | s3n://?* | hdfs://?*) word=$word/ ;;
        esac
        set -- "$@" "$word"
    done
    java org.apache.hadoop.fs.FsShell "$@"
    ;;
jar)
    shift
    case "$1" in
    *hadoop-streaming*.jar)
        echo "hadoop jar $1: streaming runs as a step of its own here (command-runner.jar hadoop-streaming ...), not inside a script." >&2
        exit 1
        ;;
    esac
    java org.apache.hadoop.util.RunJar "$@"
    ;;
version) java org.apache.hadoop.util.VersionInfo ;;
*)
    echo "$(basename "$0") $1: a local EMR has only 'hadoop fs', 'hadoop jar' and 'hdfs dfs'." >&2
    exit 1
    ;;
esac
"""
_SPARK_SUBMIT = """#!/bin/sh
# Spark on this machine: where the work would run on a cluster is left out.
export SPARK_CONF_DIR={conf}
unset HADOOP_CONF_DIR
application= value_of=
for word; do
    shift
    keep=1
    if [ -n "$application" ]; then
        :
    elif [ -n "$value_of" ]; then
        case "$value_of" in {sizes}) keep= ;; esac
        value_of=
    else
        case "$word" in
        {sizes_with_value}) keep= ;;
        --*=* | -v | --verbose | --supervise | --version | -h | --help) ;;
        {sizes}) value_of=$word keep= ;;
        -*) value_of=$word ;;
        *) application=1 ;;
        esac
    fi
    [ -z "$keep" ] || set -- "$@" "$word"
done
exec {submit} "$@"
"""


_SIZES = (
    *("--master", "--deploy-mode", "--num-executors", "--executor-memory", "--executor-cores"),
    *("--total-executor-cores", "--driver-cores", "--driver-memory", "--queue", "--principal", "--keytab"),
)


def write_launchers(context: StepContext, java_options: tuple[str, ...]) -> Path:
    """Write the commands into the step's directory and give the directory that belongs on its PATH."""
    directory = context.directory / "bin"
    directory.mkdir(parents=True, exist_ok=True)
    java = context.machine.require_java()
    class_path = f"{context.write_hadoop_conf()}:{context.machine.spark_home}/jars/*"
    hadoop = _HADOOP.format(java=shlex.join([str(java.executable), *java_options, "-cp", class_path]))
    spark = _SPARK_SUBMIT.format(
        conf=shlex.quote(str(_write_spark_conf(context))),
        sizes=" | ".join(_SIZES),
        sizes_with_value=" | ".join(f"{name}=*" for name in _SIZES),
        submit=shlex.quote(str(context.machine.spark_home / "bin" / "spark-submit")),
    )
    command, variables = dist_cp_command(context)
    assignments = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    launchers = {
        "hadoop": hadoop,
        "hdfs": hadoop,
        "spark-submit": spark,
        "s3-dist-cp": f'#!/bin/sh\n{assignments} exec {shlex.join(command)} "$@"\n',
    }
    for name, text in launchers.items():
        (directory / name).write_text(text, encoding="utf-8")
        (directory / name).chmod(0o755)
    return directory


def _write_spark_conf(context: StepContext) -> Path:
    """Write what the cluster and this machine set for Spark, and give its directory."""
    directory = context.directory / "conf" / "spark"
    directory.mkdir(parents=True, exist_ok=True)
    local = localise(cluster_defaults(context.cluster.configurations))
    properties = {**local.properties, **as_spark_properties(context.hadoop_properties())}
    lines = (f"{name} {value}\n" for name, value in properties.items())
    (directory / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    return directory

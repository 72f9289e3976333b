"""Rules about one step: its kind, its spark-submit. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.kinds.spark import SparkSpec
from emr_pipelines.pipeline_spec.models.pipeline import KINDS
from emr_pipelines.pipeline_spec.notation.emr_limits import MAX_STEPS
from emr_pipelines.pipeline_spec.notation.task_names import (
    CREATE_TASK,
    LEAVE_TASK,
    PUBLISH_TASK,
    TERMINATE_TASK,
    VERDICT_TASK,
)
from emr_pipelines.pipeline_spec.reading.document import Path

RESERVED_NAMES = frozenset({PUBLISH_TASK, CREATE_TASK, TERMINATE_TASK, LEAVE_TASK, VERDICT_TASK})
_OWN_PROPERTIES = {
    "spark.master": ("would take the step away from the nodes of the cluster", "Remove it; EMR runs Spark on YARN."),
    "spark.submit.deployMode": ("has no effect beside deploy_mode, which is always given", "Write deploy_mode."),
}
_COORDINATE = re.compile(r"[\w.-]+:[\w.-]+:[\w.-]+")


def check_one_kind(context: Context) -> Iterator[RuleViolation]:
    """Each step has exactly one kind key."""
    for path, step in context.steps():
        kinds = [kind for kind in KINDS if getattr(step, kind) is not None]
        if len(kinds) > 1:
            yield RuleViolation(
                path=path,
                message=f"step {step.name!r} has several kinds: {', '.join(kinds)}",
                fix="Keep one, and make a step of its own of the other.",
            )
        elif not kinds and all(context.is_absent((*path, kind)) for kind in KINDS):
            yield RuleViolation(
                path=path, message=f"step {step.name!r} has no kind", fix=f"Add one of {', '.join(KINDS)}."
            )


def check_unique_names(context: Context) -> Iterator[RuleViolation]:
    """No two steps have the same name."""
    first: dict[str, Path] = {}
    for path, step in context.steps():
        if step.name in first:
            line = context.document.mark((*first[step.name], "name")).line
            yield RuleViolation(
                path=(*path, "name"),
                message=f"the step name {step.name!r} is taken by the step in line {line}",
                fix="Choose another name.",
            )
        first.setdefault(step.name, path)


def check_reserved_names(context: Context) -> Iterator[RuleViolation]:
    """A step's name is the first part of its tasks' ids, beside the tasks that every DAG has."""
    for path, step in context.steps():
        if step.name in RESERVED_NAMES:
            yield RuleViolation(
                path=(*path, "name"),
                message=f"{step.name!r} is the name of a task that every pipeline has",
                fix="Choose another name.",
            )


def check_step_count(context: Context) -> Iterator[RuleViolation]:
    """EMR takes 256 unfinished steps per cluster."""
    count = len(context.spec.steps)
    if count > MAX_STEPS:
        yield RuleViolation(
            path=("steps",), message=f"{count} steps; EMR takes {MAX_STEPS} per cluster", fix="Split the pipeline."
        )


def check_spark_program(context: Context) -> Iterator[RuleViolation]:
    """A spark step has either a script, or a jar with its class."""
    for path, spark in _spark_steps(context):
        has_script, has_jar = (not context.is_absent((*path, key)) for key in ("script", "jar"))
        if has_script and has_jar:
            yield RuleViolation(path=path, message="both script and jar", fix="Keep one of them.")
        elif not has_script and not has_jar:
            yield RuleViolation(
                path=path, message="neither script nor jar", fix="Add script: a Python file, or jar and class."
            )
        elif has_jar and context.is_absent((*path, "class")):
            yield RuleViolation(
                path=(*path, "jar"), message="a jar without its class", fix="Add class: the jar's main class."
            )
        elif has_script and spark.main_class:
            yield RuleViolation(
                path=(*path, "class"),
                message="class belongs to a jar, not to a Python script",
                fix="Remove it.",
                at_key=True,
            )


def check_program_suffix(context: Context) -> Iterator[RuleViolation]:
    """spark-submit knows Python from Java by the file's suffix."""
    for path, spark in _spark_steps(context):
        for key, text, suffix in (("script", spark.script, ".py"), ("jar", spark.jar, ".jar")):
            if text and not text.endswith(suffix):
                yield RuleViolation(
                    path=(*path, key),
                    message=f"{text!r} does not end in {suffix}, by which spark-submit knows what it is",
                    fix=f"Name a {suffix} file.",
                )


def check_jar_suffix(context: Context) -> Iterator[RuleViolation]:
    """What Hadoop runs as a jar is one."""
    for path, step in context.steps():
        if step.jar and not step.jar.path.endswith(".jar"):
            yield RuleViolation(
                path=(*path, "jar", "path"), message=f"{step.jar.path!r} does not end in .jar", fix="Name a .jar file."
            )


def check_spark_conf(context: Context) -> Iterator[RuleViolation]:
    """spark-submit ignores properties that do not begin with `spark.`, and some are not a step's to set."""
    for path, spark in _spark_steps(context):
        for name in spark.conf:
            if not re.fullmatch(r"spark\.[^\s=]+", name):
                message = f"{name!r} is no Spark property; spark-submit takes names that begin with 'spark.' and hold no space"
                fix = "Correct the name; a property of Hadoop is written spark.hadoop.NAME."
                yield RuleViolation(path=(*path, "conf", name), message=message, fix=fix, at_key=True)
            elif name in _OWN_PROPERTIES:
                reason, fix = _OWN_PROPERTIES[name]
                yield RuleViolation(path=(*path, "conf", name), message=f"{name} {reason}", fix=fix, at_key=True)


def check_packages(context: Context) -> Iterator[RuleViolation]:
    """Packages are Maven coordinates."""
    for path, spark in _spark_steps(context):
        for index, package in enumerate(spark.packages):
            if not _COORDINATE.fullmatch(package):
                fix = "Write one such as org.apache.spark:spark-avro_2.12:3.5.6."
                yield RuleViolation(
                    path=(*path, "packages", index),
                    message=f"{package!r} is no coordinate group:artifact:version",
                    fix=fix,
                )


def _spark_steps(context: Context) -> Iterator[tuple[Path, SparkSpec]]:
    for path, step in context.steps():
        if step.spark is not None:
            yield (*path, "spark"), step.spark

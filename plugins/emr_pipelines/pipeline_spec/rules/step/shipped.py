"""Rules about what a spark step ships and what its code asks of YARN: what works on one machine and not on a cluster. Reads the step's Python files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.code_files.references import PYTHON_KEYS, python_of_job
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.kinds.spark import SparkSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text, scalars_in
from emr_pipelines.pipeline_spec.reading.document import Path

_ARCHIVE_LISTS = ("spark.archives", "spark.yarn.dist.archives")
# A wheel's name ends with its Python, its ABI and its platform (PEP 427).
_PURE_WHEEL = re.compile(r".*-none-any\.whl")


def check_python(context: Context) -> Iterator[RuleViolation]:
    """A Python that is named by a relative path is in an archive of the step."""
    for path, spark in _spark_steps(context):
        folders = set(_folders(context, spark))
        for name, value in spark.conf.items():
            text = context.resolve(scalar_text(value))
            parts = [part for part in text.split("/") if part != "."]
            if not name.endswith(PYTHON_KEYS) or len(parts) < 2 or text.startswith(("/", "~", "$")):
                continue
            if parts[0] not in folders:
                yield RuleViolation(
                    path=(*path, "conf", name),
                    message=f"{text!r} is below the folder {parts[0]!r}, which no archive of the step has",
                    fix=f"Add archives: [name.tar.gz#{parts[0]}], or name a Python of the nodes: /usr/bin/python3.",
                )


def _folders(context: Context, spark: SparkSpec) -> Iterator[str]:
    """The names under which YARN unpacks archives into a working directory."""
    in_conf = [scalar_text(value) for name, value in spark.conf.items() if name in _ARCHIVE_LISTS]
    in_cluster = [
        str(value)
        for place, value in scalars_in(context.value.get("cluster"), ("cluster",))
        if str(place[-1]) in _ARCHIVE_LISTS
    ]
    for text in (*spark.archives, *(one for texts in (*in_conf, *in_cluster) for one in texts.split(","))):
        address, _, folder = context.resolve(text).strip().partition("#")
        yield folder or address.rpartition("/")[2]


def check_wheels(context: Context) -> Iterator[RuleViolation]:
    """Python imports a wheel on its path as a zip, and no compiled module from a zip."""
    for path, spark in _spark_steps(context):
        for index, text in enumerate(map(context.resolve, spark.py_files)):
            if text.endswith(".whl") and not _PURE_WHEEL.fullmatch(text):
                yield RuleViolation(
                    path=(*path, "py_files", index),
                    message=f"{text!r} holds compiled modules, which Python cannot import from a wheel on its path",
                    fix="Install it in a bootstrap action, or ship an environment by archives.",
                )


def check_masters(context: Context) -> Iterator[RuleViolation]:
    """A master in the code takes the place of YARN."""
    for path, spark in _spark_steps(context):
        for inner, file in python_of_job(context, spark):
            for line in context.files.python(file).local_masters[:1]:
                then = "YARN fails the step" if spark.deploy_mode == "cluster" else "only the primary node works"
                yield RuleViolation(
                    path=(*path, *inner),
                    message=f"line {line} of {file} sets a local master, with which {then}",
                    fix="Take it out: spark-submit gives the master.",
                )


def _spark_steps(context: Context) -> Iterator[tuple[Path, SparkSpec]]:
    for path, step in context.steps():
        if step.spark is not None:
            yield (*path, "spark"), step.spark

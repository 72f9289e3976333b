"""Which values of a spec name files, and which of these are paths in the project. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.spec.context import Context
from emr_pipelines.spec.document import Path
from emr_pipelines.spec.models import BootstrapSpec, SparkSpec, StepSpec

_ELSEWHERE = re.compile(r"^(\$\{|[A-Za-z][A-Za-z0-9+.-]*:)")


def file_references(context: Context) -> Iterator[tuple[Path, str]]:
    """Every value that names a file, with the environment's values put in and without an archive's `#folder`."""
    for index, action in enumerate(context.spec.cluster.bootstrap or []):
        path: Path = ("cluster", "bootstrap", index)
        yield (
            (*path, "script") if isinstance(action, BootstrapSpec) else path,
            context.resolve(action.script if isinstance(action, BootstrapSpec) else action),
        )
    for path, step in context.steps():
        for inner, text in _of_step(step):
            yield (*path, *inner), context.resolve(text)


def _of_step(step: StepSpec) -> Iterator[tuple[Path, str]]:
    for name, text in step.inputs.items():
        yield ("inputs", name), text
    if step.spark:
        for inner, text in _of_spark(step.spark):
            yield ("spark", *inner), text


def _of_spark(spark: SparkSpec) -> Iterator[tuple[Path, str]]:
    if spark.script:
        yield ("script",), spark.script
    if spark.jar:
        yield ("jar",), spark.jar
    for index, text in enumerate(spark.py_files):
        yield ("py_files", index), text
    for key, named in (("files", spark.files), ("archives", spark.archives)):
        for index, text in enumerate(named):
            yield (key, index), text.partition("#")[0]


def is_project_path(text: str) -> bool:
    """Whether a text is a path and not an address or a placeholder."""
    return not _ELSEWHERE.match(text)


def project_files_of(context: Context) -> Iterator[str]:
    """The project files that a spec refers to and that exist."""
    for _, text in file_references(context):
        if is_project_path(text) and context.files.is_file(text):
            yield text

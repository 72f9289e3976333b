"""Which values of a spec name files, and which of these are paths in the project. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from emr_pipelines.spec.context import Context
from emr_pipelines.spec.models.cluster import BootstrapSpec
from emr_pipelines.spec.models.pipeline import SparkSpec, StepSpec
from emr_pipelines.spec.models.step import StreamingSpec
from emr_pipelines.spec.project_files.project import ProjectFiles
from emr_pipelines.spec.reading.document import Path
from emr_pipelines.spec.streaming_words import is_file, programs_of

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
        for inner, text in _of_step(step, context.resolve):
            yield (*path, *inner), context.resolve(text)


def _of_step(step: StepSpec, resolve: Callable[[str], str]) -> Iterator[tuple[Path, str]]:
    for name, text in step.inputs.items():
        yield ("inputs", name), text
    if step.streaming:
        for inner, text in _of_streaming(step.streaming, resolve):
            yield ("streaming", *inner), text
    if step.s3_dist_cp and step.s3_dist_cp.src_prefixes_file:
        yield ("s3_dist_cp", "src_prefixes_file"), step.s3_dist_cp.src_prefixes_file
    if step.jar:
        yield ("jar", "path"), step.jar.path
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


def _of_streaming(streaming: StreamingSpec, resolve: Callable[[str], str]) -> Iterator[tuple[Path, str]]:
    for key, words in programs_of(streaming):
        if is_file(resolve(words[0])):
            yield (key,) if isinstance(getattr(streaming, key), str) else (key, 0), words[0].partition("#")[0]
    for key, named in (("files", streaming.files), ("archives", streaming.archives), ("jars", streaming.jars)):
        for index, text in enumerate(named):
            yield (key, index), text.partition("#")[0]


def is_project_path(text: str) -> bool:
    """Whether a text is a path and not an address or a placeholder."""
    return not _ELSEWHERE.match(text)


def project_files_of(context: Context) -> Iterator[str]:
    """The project files that a spec refers to and that exist: those that it names as files, and those that an argument is the path of."""
    for _, text in file_references(context):
        if is_project_path(text) and context.files.is_file(text):
            yield text
    for _, step in context.steps():
        for word in _arguments_of(step):
            text = context.resolve(word)
            if is_argument_file(text, context.files):
                yield text


def is_argument_file(text: str, files: ProjectFiles) -> bool:
    """Whether an argument is, as it is written, the path of a file below a folder of the project."""
    parts = text.split("/")
    is_plain = len(parts) > 1 and not {"", ".", ".."} & set(parts) and is_project_path(text)
    return is_plain and files.is_file(text) and not files.leaves_project(text)


def _arguments_of(step: StepSpec) -> Iterator[str]:
    yield from (word for word in (*step.args, *(step.command or [])) if isinstance(word, str))
    if step.streaming:
        yield from (word for _, words in programs_of(step.streaming) for word in words[1:])

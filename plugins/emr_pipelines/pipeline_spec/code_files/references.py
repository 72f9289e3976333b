"""Which files of a project a spec's steps and bootstrap actions run as code, and what runs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.catalog.releases import Release, find_release
from emr_pipelines.pipeline_spec.code_files.interpreters import Interpreter, interpreter_named, interpreter_of_jobs
from emr_pipelines.pipeline_spec.context import Context
from emr_pipelines.pipeline_spec.file_references import is_argument_file
from emr_pipelines.pipeline_spec.models.cluster import BootstrapSpec
from emr_pipelines.pipeline_spec.models.kinds.spark import SparkSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text, scalars_in
from emr_pipelines.pipeline_spec.notation.streaming_arguments import is_file
from emr_pipelines.pipeline_spec.project_files.command_scripts import find_command_script
from emr_pipelines.pipeline_spec.project_files.program_text import interpreter_of
from emr_pipelines.pipeline_spec.reading.document import Path

# Where a spec says which Python PySpark runs: properties of Spark, and variables that Spark or YARN sets.
PYTHON_KEYS = ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON", "spark.pyspark.python", "spark.pyspark.driver.python")


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonFile:
    """A Python file of the project, where the spec names it (or what it travels with), and what runs it."""

    path: Path
    file: str
    interpreter: Interpreter


def release_of(context: Context) -> Release | None:
    """The release of the cluster, if the spec names one that is known."""
    return find_release(context.spec.cluster.release or "")


def programs(context: Context) -> Iterator[tuple[Path, str]]:
    """Files of the project that a node starts as programs: bootstrap actions, streaming programs, scripts of commands."""
    for index, action in enumerate(context.spec.cluster.bootstrap or []):
        path: Path = ("cluster", "bootstrap", index)
        is_long = isinstance(action, BootstrapSpec)
        text = context.resolve(action.script if isinstance(action, BootstrapSpec) else action)
        if context.files.is_own_file(text):
            yield (*path, "script") if is_long else path, text
    for path, step in context.steps():
        yield from _streaming_programs(context, path, step)
        found = command_words(context, path, step)
        script = find_command_script([word for _, word in found], lambda word: is_argument_file(word, context.files))
        if script:
            yield found[script.index]


def _streaming_programs(context: Context, path: Path, step: StepSpec) -> Iterator[tuple[Path, str]]:
    for key, words in step.streaming.programs() if step.streaming else ():
        text = context.resolve(words[0]).partition("#")[0]
        if is_file(text) and context.files.is_own_file(text):
            is_word = isinstance(getattr(step.streaming, key), str)
            yield (*path, "streaming", key, *(() if is_word else (0,))), text


def command_words(context: Context, path: Path, step: StepSpec) -> list[tuple[Path, str]]:
    """The words of a command step with their paths, its `args` after them; none for any other kind of step."""
    if not step.command:
        return []
    lists = (("command", step.command), ("args", step.args))
    return [
        ((*path, key, index), context.resolve(scalar_text(word)))
        for key, words in lists
        for index, word in enumerate(words)
    ]


def python_files(context: Context) -> Iterator[PythonFile]:
    """Every Python file that a step or a bootstrap action runs, once for each interpreter."""
    seen: set[tuple[str, Interpreter]] = set()
    for one in (*_files_of_jobs(context), *_files_of_programs(context)):
        if (one.file, one.interpreter) not in seen:
            seen.add((one.file, one.interpreter))
            yield one


def _files_of_jobs(context: Context) -> Iterator[PythonFile]:
    release = release_of(context)
    for path, step in context.steps():
        if step.spark is None:
            continue
        interpreter = interpreter_of_jobs(release, _chosen(context, path))
        for inner, file in python_of_job(context, step.spark):
            yield PythonFile(path=(*path, "spark", *inner), file=file, interpreter=interpreter)


def _chosen(context: Context, path: Path) -> list[str]:
    own = context.value["steps"][path[1]]
    places = (*scalars_in(own.get("spark"), path), *scalars_in(context.value.get("cluster"), ("cluster",)))
    return [str(value) for place, value in places if str(place[-1]).endswith(PYTHON_KEYS)]


def python_of_job(context: Context, spark: SparkSpec) -> Iterator[tuple[Path, str]]:
    """The Python files of a spark step with the path of what they travel with, below `spark`: the script, its packages, its py_files."""
    script = context.resolve(spark.script or "")
    if script.endswith(".py") and context.files.is_own_file(script):
        yield ("script",), script
        for folder in context.files.packages_of(script):
            names = (f"{folder}/{name}" for name in context.files.package(folder).python_files)
            yield from ((("script",), name) for name in names if name != script)
    for index, text in enumerate(map(context.resolve, spark.py_files)):
        if text.endswith(".py") and context.files.is_own_file(text):
            yield ("py_files", index), text


def _files_of_programs(context: Context) -> Iterator[PythonFile]:
    for path, file in programs(context):
        name = interpreter_of(context.files.bytes_of(file) or b"") or ""
        if name.startswith("python"):
            yield PythonFile(path=path, file=file, interpreter=interpreter_named(name, release_of(context)))
    for path, step in context.steps():
        for key, words in step.streaming.programs() if step.streaming else ():
            texts = [context.resolve(word) for word in words]
            if texts[0].rpartition("/")[2].startswith("python"):
                scripts = [(index, text) for index, text in enumerate(texts) if is_argument_file(text, context.files)]
                for index, file in scripts[:1]:
                    named = interpreter_named(texts[0], release_of(context))
                    yield PythonFile(path=(*path, "streaming", key, index), file=file, interpreter=named)

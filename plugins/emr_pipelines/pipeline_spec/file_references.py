"""Which values of a spec name files, and which of these are paths in the project. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from emr_pipelines.pipeline_spec.context import Context
from emr_pipelines.pipeline_spec.models.cluster import BootstrapSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.project_files.project import ProjectFiles
from emr_pipelines.pipeline_spec.reading.document import Path

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
    for kind, model in step.kind_models():
        for inner, text in model.file_references(resolve):
            yield (kind, *inner), text


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
    for _, model in step.kind_models():
        yield from model.file_words()

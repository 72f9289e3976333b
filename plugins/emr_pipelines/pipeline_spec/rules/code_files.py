"""Rules about the code files that a spec names, and the packages that travel with them. Reads those files and runs none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from emr_pipelines.pipeline_spec.code_files.interpreters import Interpreter
from emr_pipelines.pipeline_spec.code_files.references import (
    PythonFile,
    command_words,
    programs,
    python_files,
    release_of,
)
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.file_references import is_argument_file, project_files_of
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.pipeline_spec.project_files.command_scripts import CommandScript, find_command_script
from emr_pipelines.pipeline_spec.project_files.newer_syntax import NewerSyntax, Version
from emr_pipelines.pipeline_spec.project_files.program_text import (
    SHELLS,
    find_crlf,
    find_first_line_flaw,
    interpreter_of,
)
from emr_pipelines.pipeline_spec.project_files.python_source import OWN_VERSION, Flaw, PythonSource
from emr_pipelines.pipeline_spec.reading.document import Path


def check_python(context: Context) -> Iterator[RuleViolation]:
    """Python files can be read by the Python that runs them."""
    for one, source in _sources(context):
        version = one.interpreter.version
        if source.flaw and _is_read_alike(version):
            yield RuleViolation(path=one.path, message=_place(one.file, source.flaw), fix="Correct the file.")
        newer = next((found for found in source.newer if version and found.since > version), None)
        if newer and version:
            message = f"{_newer(one.file, newer)}, but {one.interpreter.said}"
            yield RuleViolation(
                path=one.path, message=message, fix=_fix_of_newer(context, one.interpreter, newer, version)
            )


def check_python_of_another_version(context: Context) -> Iterator[RuleViolation]:
    """A file that this Python cannot read may be one for a newer Python; nobody can tell before it runs."""
    for one, source in _sources(context):
        if source.flaw and not _is_read_alike(one.interpreter.version):
            own = f"{OWN_VERSION[0]}.{OWN_VERSION[1]}"
            message = f"{_place(one.file, source.flaw)} (to Python {own}; {one.interpreter.said})"
            yield RuleViolation(
                path=one.path, message=message, fix="Correct the file, unless it is one for a newer Python."
            )


def _sources(context: Context) -> Iterator[tuple[PythonFile, PythonSource]]:
    return ((one, context.files.python(one.file)) for one in python_files(context))


def _is_read_alike(version: Version | None) -> bool:
    """Whether what this Python cannot read that one cannot either: new syntax comes, old syntax stays."""
    return version is not None and version <= OWN_VERSION


def _place(file: str, flaw: Flaw) -> str:
    return f"line {flaw.line} of {file} is no Python: {flaw.message}"


def _newer(file: str, newer: NewerSyntax) -> str:
    since = f"{newer.since[0]}.{newer.since[1]}"
    return f"line {newer.line} of {file} has {newer.what}, which Python reads since {since}"


def _fix_of_newer(context: Context, interpreter: Interpreter, newer: NewerSyntax, version: Version) -> str:
    release = release_of(context)
    installed = [text for text in release.python if _as_version(text) >= newer.since] if release else []
    other = f"have python{installed[0]} run it" if installed else "take a release with a newer Python"
    return f"Write it for Python {version[0]}.{version[1]}, or {other}."


def _as_version(text: str) -> Version:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def check_first_lines(context: Context) -> Iterator[RuleViolation]:
    """What a node starts as a program says in its first line what runs it."""
    for path, file in programs(context):
        content = context.files.bytes_of(file)
        if content is not None and (found := find_first_line_flaw(content, PurePosixPath(file).suffix)):
            flaw, fix = found
            yield RuleViolation(path=path, message=f"line {flaw.line} of {file} {flaw.message}", fix=fix)


def check_line_ends(context: Context) -> Iterator[RuleViolation]:
    """Shell scripts have the line ends of Unix."""
    started = tuple(dict.fromkeys(file for _, file in programs(context)))
    for file in dict.fromkeys((*started, *project_files_of(context))):
        content = context.files.bytes_of(file) if file in started or file.endswith(".sh") else None
        if content is None or not (file.endswith(".sh") or interpreter_of(content) in SHELLS):
            continue
        is_told = file in started and find_first_line_flaw(content, PurePosixPath(file).suffix) is not None
        flaw = find_crlf(content)
        if flaw and not is_told:
            message = f"line {flaw.line} of {file} {flaw.message}"
            yield RuleViolation(
                path=_first_place(context, file), message=message, fix="Save the file with LF line ends."
            )


def _first_place(context: Context, file: str) -> Path:
    """Where the spec first names a file."""
    places = (path for path, text in texts_in(context.value) if context.resolve(text).partition("#")[0] == file)
    return next(places, ())


def check_command_scripts(context: Context) -> Iterator[RuleViolation]:
    """A script of the project that a command starts is one that EMR can fetch and start."""
    for path, step in context.steps():
        words = command_words(context, path, step)
        script = find_command_script([word for _, word in words], lambda word: is_argument_file(word, context.files))
        if script and (message := _reason_against(context, script, words[script.index][1])):
            place, file = words[script.index]
            arguments = "".join(f", {word}" for _, word in words[script.index + 1 :])
            fix = f"Write command: [{file}{arguments}], with what runs it in its first line; EMR fetches and starts it."
            yield RuleViolation(path=place, message=message, fix=fix)


def _reason_against(context: Context, script: CommandScript, file: str) -> str | None:
    if not script.is_runnable:
        what = script.program or "a program that is started by another"
        return f"{file} lies on S3 when the step runs, and {what} cannot open an s3:// address"
    named = interpreter_of(context.files.bytes_of(file) or b"")
    if script.program and named and named != script.program:
        return f"EMR starts {file} by its first line, which names {named} and not {script.program}"
    return None


def check_package_links(context: Context) -> Iterator[RuleViolation]:
    """The links in a package that travels lead to files of the project."""
    seen: set[str] = set()
    for path, step in context.steps():
        script = context.resolve(step.spark.script) if step.spark and step.spark.script else ""
        for folder in context.files.packages_of(script) if context.files.is_own_file(script) else ():
            if folder in seen:
                continue
            seen.add(folder)
            for link in context.files.package(folder).bad_links:
                yield RuleViolation(
                    path=(*path, "spark", "script"),
                    message=f"the link {link.name} in the package {folder} {link.reason}",
                    fix="Put what it leads to into the project, or remove the link.",
                )

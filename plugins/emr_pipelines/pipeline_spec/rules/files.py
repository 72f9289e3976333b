"""Rules about files that a spec names: an s3:// address, or a file of this project. Asks the file system only whether files exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.file_references import file_references, is_project_path
from emr_pipelines.pipeline_spec.notation.s3_places import find_flaw
from emr_pipelines.pipeline_spec.notation.spelling import closest
from emr_pipelines.pipeline_spec.project_files.project import ProjectFiles
from emr_pipelines.pipeline_spec.reading.document import Path

_REASONS = {
    "file": "is a path on one machine, which the nodes of a cluster do not share",
    "http": "is on the network, which a step should not depend on",
    "https": "is on the network, which a step should not depend on",
    "s3a": "is Hadoop's own S3 client; EMR reads s3://",
    "s3n": "is Hadoop's own S3 client; EMR reads s3://",
    "hdfs": "is gone with its cluster",
}
_NO_S3_ADDRESS = ("is not of the form s3://bucket/key", "Write the bucket after s3://, in lower case.")


def check_addresses(context: Context) -> Iterator[RuleViolation]:
    """What is no path in the project is an s3:// address."""
    for path, text in file_references(context):
        if text.startswith("${") or is_project_path(text):
            continue
        scheme = text.partition(":")[0].casefold()
        if scheme == "hdfs" and "inputs" in path:
            yield from _check_hdfs(path, text)
        elif scheme != "s3":
            reason = _REASONS.get(scheme, "is neither an s3:// address nor a path in the project")
            fix = (
                f"Write s3{text[3:]}."
                if scheme in ("s3a", "s3n")
                else "Copy it to S3 or into the project, and name that."
            )
            yield RuleViolation(path=path, message=f"{text!r} {reason}", fix=fix)
        elif flaw := find_flaw(text) if text.startswith("s3://") else _NO_S3_ADDRESS:
            yield RuleViolation(path=path, message=f"{text!r} {flaw[0]}", fix=flaw[1])


def _check_hdfs(path: Path, text: str) -> Iterator[RuleViolation]:
    """An input may lie on the HDFS of the step's own cluster."""
    if not re.match(r"hdfs://[^/]*/.", text):
        yield RuleViolation(
            path=path,
            message=f"{text!r} is not of the form hdfs:///path",
            fix="Write the path after hdfs:///, without the name of a node.",
        )


def check_programs_fixed(context: Context) -> Iterator[RuleViolation]:
    """What runs is known before it runs: only inputs may hold values of the run."""
    for path, text in file_references(context):
        is_relative_input = "inputs" in path and is_project_path(text)
        if "${" in text and is_relative_input:
            message = (
                f"{text!r} is a path in the project, which is uploaded before any run; it cannot hold values of the run"
            )
            yield RuleViolation(path=path, message=message, fix="Begin with s3:// or ${env.…} for an address.")


def check_project_files(context: Context) -> Iterator[RuleViolation]:
    """Paths in the project lead to files of the project."""
    for path, text in file_references(context):
        if text and is_project_path(text) and "${" not in text:
            yield from _check_path(path, text, context.files)


def _check_path(path: Path, text: str, files: ProjectFiles) -> Iterator[RuleViolation]:
    flaw = _find_flaw_of_text(text)
    if flaw:
        yield RuleViolation(path=path, message=f"{text!r} {flaw[0]}", fix=flaw[1])
    elif files.leaves_project(text):
        yield RuleViolation(
            path=path,
            message=f"{text!r} leads out of the project by a symbolic link",
            fix="Copy the file into the project.",
        )
    elif files.is_dir(text):
        yield RuleViolation(path=path, message=f"{text!r} is a folder", fix="Name a file.")
    elif not files.is_file(text):
        yield RuleViolation(path=path, message=f"the project has no file {text!r}", fix=guess_file(text, files))


def _find_flaw_of_text(text: str) -> tuple[str, str] | None:
    """Why a text is no path from the project's root, whatever files there are, and what to do about it."""
    parts = text.split("/")
    if text.startswith("/"):
        return "is an absolute path", "Write it relative to the project's root."
    if "\\" in text:
        return "has backslashes", "Write forward slashes."
    if "://" in text:
        return "is neither a path nor an s3:// address", "Put the command into a script of the project, and name that."
    if ".." in parts:
        return "climbs up with '..'", "Write it relative to the project's root."
    if "." in parts or "" in parts:
        plain = "/".join(part for part in parts if part not in ("", "."))
        return "has empty parts or '.'", f"Write {plain}." if plain and " " not in plain else "Name a file."
    return None


def guess_file(text: str, files: ProjectFiles) -> str:
    """The fix for a path that leads to no file of the project. File names alone are compared: folders are so alike that they would make any two paths close."""
    by_name = {name.rpartition("/")[2]: name for name in reversed(files.names)}
    guess = by_name.get(closest(text.rpartition("/")[2], by_name) or "")
    return f"Did you mean {guess!r}?" if guess else "Create it, or write the path relative to the project's root."

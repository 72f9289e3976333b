"""Reads one spec file from disk into a `Document`, with size and encoding checked."""

from __future__ import annotations

import codecs
from pathlib import Path

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.reading.document import Document
from emr_pipelines.pipeline_spec.reading.document import Path as ValuePath
from emr_pipelines.pipeline_spec.reading.syntax_messages import check_json, syntax_problem
from emr_pipelines.pipeline_spec.reading.yaml_text import read_document

MAX_BYTES = 1024 * 1024
_ROOT: ValuePath = ()
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def read_source(file: Path, name: str) -> tuple[Document, list[Problem]]:
    """The document in a file, and all problems of its text. `name` is the file's name in messages."""
    text = _read_text(file, name)
    if isinstance(text, Problem):
        return _unreadable(name), [text]
    is_json = file.suffix == ".json"
    problem = check_json(text, name) if is_json else None
    if problem:
        return _unreadable(name), [problem]
    return read_document(text, name, is_json=is_json)


def _unreadable(name: str) -> Document:
    return Document(file=name, value={}, broken=frozenset([_ROOT]))


def _read_text(file: Path, name: str) -> str | Problem:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return syntax_problem(name, f"cannot be read: {error.strerror}", "Check the path and its permissions.")
    refusal = _find_refusal(content)
    if refusal:
        return syntax_problem(name, *refusal)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        message = f"byte 0x{content[error.start]:02x} is not UTF-8"
        return syntax_problem(name, message, "Save the file as UTF-8.", line, column)


def _find_refusal(content: bytes) -> tuple[str, str] | None:
    """What is wrong with a file whatever its text says, and what to do about it."""
    if len(content) > MAX_BYTES:
        return f"the file is larger than {MAX_BYTES // 1024} KiB", "Move data out of the spec."
    if content.startswith(_WIDE_MARKS):
        return "the file is UTF-16 or UTF-32", "Save it as UTF-8."
    if content.startswith(codecs.BOM_UTF8):
        return "the file starts with a byte order mark", "Save it as UTF-8 without BOM."
    return None

"""Reads one spec file from disk into a `Document`, with size and encoding checked."""

from __future__ import annotations

import codecs
from pathlib import Path

from emr_pipelines.errors import Problem
from emr_pipelines.spec.document import Document
from emr_pipelines.spec.document import Path as ValuePath
from emr_pipelines.spec.syntax_wording import check_json
from emr_pipelines.spec.yaml_text import read_document

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
        return Problem(
            file=name,
            message=f"cannot be read: {error.strerror}",
            fix="Check the path and its permissions.",
            rule="syntax",
        )
    if len(content) > MAX_BYTES:
        return Problem(
            file=name,
            message=f"the file is larger than {MAX_BYTES // 1024} KiB",
            fix="Move data out of the spec.",
            rule="syntax",
        )
    if content.startswith(_WIDE_MARKS):
        return Problem(file=name, message="the file is UTF-16 or UTF-32", fix="Save it as UTF-8.", rule="syntax")
    if content.startswith(codecs.BOM_UTF8):
        return Problem(
            file=name,
            message="the file starts with a byte order mark",
            fix="Save it as UTF-8 without BOM.",
            rule="syntax",
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        return Problem(
            file=name,
            line=line,
            column=column,
            message=f"byte 0x{content[error.start]:02x} is not UTF-8",
            fix="Save the file as UTF-8.",
            rule="syntax",
        )

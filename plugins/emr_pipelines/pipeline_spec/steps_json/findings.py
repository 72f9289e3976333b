"""What the import of one file found: problems, which stop it, and what is not carried over, which is said. Pure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, Generic, TypeVar

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.models.base import Model
from emr_pipelines.pipeline_spec.reading.document import Document, Path
from emr_pipelines.pipeline_spec.reading.source import read_source
from emr_pipelines.pipeline_spec.reading.validation import ValidatedDocument, validate_document

ModelT = TypeVar("ModelT", bound=Model)
Comments = dict[Path, list[str]]


class LegacyFile(Generic[ModelT]):
    """One of the two files as far as it fits its model, with what was found in it; `comments` are for the spec, by the path there."""

    def __init__(self, document: Document, validated: ValidatedDocument[ModelT], text_problems: list[Problem]) -> None:
        self.model = validated.model
        self.document = document
        self.notes: list[Problem] = []
        self.comments: Comments = {}
        unknown = [problem for problem in validated.problems if problem.rule == "unknown-key"]
        self.problems = [*text_problems, *(problem for problem in validated.problems if problem not in unknown)]
        self._broken = validated.broken
        for problem in unknown:
            self._note_unknown(problem)

    def refuse(self, path: Path, message: str, fix: str) -> None:
        """Something that no spec can be made of; about a value that did not fit, enough has been said."""
        if not any(one[: len(path)] == path or path[: len(one)] == one for one in self._broken):
            self.problems.append(self.document.problem(path, message, fix, rule="legacy"))

    def note(self, path: Path, message: str, fix: str = "", *, at: Path) -> None:
        """Something that the spec does not have, or has otherwise; `at` is the path in the spec where it is said too."""
        self._say(self.document.problem(path, message, fix, rule="legacy"), at)

    def _note_unknown(self, problem: Problem) -> None:
        key = problem.path.rpartition(".")[2]
        guess = f" {problem.fix}" if problem.fix.startswith("Did you mean") else ""
        message = f"{problem.path}: the key {key!r} is not carried over: the importer does not know it"
        fix = f"Write what it stands for into the spec if you need it.{guess}"
        self._say(replace(problem, path="", message=message, fix=fix, rule="legacy"), ())

    def _say(self, note: Problem, at: Path) -> None:
        self.notes.append(note)
        self.comments.setdefault(at, []).append(f"{note.message}. {note.fix}".rstrip())


def read_legacy(model: type[ModelT], file: FilePath, name: str, fallback: Any) -> LegacyFile[ModelT]:
    """Read a file; every problem of its text and its shape is in the result. `name` is the file's name in messages."""
    document, problems = read_source(file, name)
    return LegacyFile(document, validate_document(model, document, fallback), problems)

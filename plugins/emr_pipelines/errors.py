"""The errors of the package: one root, and the problem record that says what is wrong, where, and what to do. Pure data, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
_ENDS = (".", "!", "?", "…", ":")


def join_sentences(*sentences: str | None) -> str:
    """The sentences in one line, each but the last with one full stop, whatever it brings itself; those that are missing are left out."""
    given = [sentence.strip() for sentence in sentences if sentence and sentence.strip()]
    return " ".join([*(one if one.endswith(_ENDS) else f"{one}." for one in given[:-1]), *given[-1:]])


class EmrPipelinesError(Exception):
    """Root of every error that this package raises on purpose. The message says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing wrong in a text that a person wrote.

    `line` and `column` count from 1; 0 means that the file as a whole is meant. `path` is the dotted place in the document (`steps.0.spark.script`).
    A warning is about a text that can be used as it is.
    """

    file: str
    line: int = 0
    column: int = 0
    path: str = ""
    message: str
    fix: str = ""
    rule: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        """`file:line:column: path: message. Fix.` with the parts that are known; a warning says that it is one."""
        place = ":".join([_visible(self.file), *(str(number) for number in (self.line, self.column) if number)])
        mark = "warning" if self.severity == "warning" else ""
        return ": ".join(part for part in (place, mark, _visible(self.path), self.message) if part) + (
            f"\n    {self.fix}" if self.fix else ""
        )


def _visible(text: str) -> str:
    """A name as a terminal may show it: characters that would steer the terminal are written out."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


class SpecError(EmrPipelinesError):
    """A spec or an environment that cannot be used; holds every problem found, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = len(self.problems)
        super().__init__(
            f"{count} problem{'s' if count != 1 else ''}:\n" + "\n".join(str(problem) for problem in self.problems)
        )

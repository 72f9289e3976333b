"""A document as people wrote it: plain values, and the place in the file of every key and value. Pure data, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emr_pipelines.errors import Problem, Severity
from emr_pipelines.pipeline_spec.notation.plain_values import Path as Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in a file; line and column count from 1."""

    file: str
    line: int = 0
    column: int = 0

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Values with marks. `broken` holds the paths whose value could not be read; a problem has been reported for each."""

    file: str
    value: dict[str, Any]
    keys: Mapping[Path, Mark] = field(default_factory=dict)
    values: Mapping[Path, Mark] = field(default_factory=dict)
    broken: frozenset[Path] = frozenset()

    def mark(self, path: Path, *, at_key: bool = False) -> Mark:
        """Where a value (or its key) stands; for something absent, where its nearest owner stands."""
        if not at_key and path in self.values:
            return self.values[path]
        for length in range(len(path), 0, -1):
            owner = path[:length]
            found = self.keys.get(owner) or self.values.get(owner)
            if found:
                return found
        return Mark(file=self.file, line=1, column=1)

    def problem(
        self,
        path: Path,
        message: str,
        fix: str = "",
        *,
        at_key: bool = False,
        rule: str = "",
        severity: Severity = "error",
    ) -> Problem:
        """A problem at a path of this document."""
        mark = self.mark(path, at_key=at_key)
        return Problem(
            file=mark.file,
            line=mark.line,
            column=mark.column,
            path=dotted(path),
            message=message,
            fix=fix,
            rule=rule,
            severity=severity,
        )


def dotted(path: Path) -> str:
    """A path as people read it: `steps.0.spark.script`."""
    return ".".join(str(part) for part in path)


def holds(owner: Any, part: str | int) -> bool:
    """Whether a map has the key, or a list the position."""
    if isinstance(owner, list):
        return isinstance(part, int) and 0 <= part < len(owner)
    return isinstance(owner, dict) and part in owner


def value_at(value: Any, path: Path) -> Any:
    """The value at a path, or None when there is none."""
    for part in path:
        if not holds(value, part):
            return None
        value = value[part]
    return value

"""What a rule sees and what it says. Pure but for the question whether a project file exists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from emr_pipelines.errors import Problem, Severity
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.models.pipeline import PipelineSpec, StepSpec
from emr_pipelines.pipeline_spec.notation.placeholders import PlaceholderError, Reference, resolve_known, substitute
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.project_files.project import ProjectFiles
from emr_pipelines.pipeline_spec.reading.document import Document, Path, value_at

BUILT_IN_VALUES = ("name", "region", "bucket", "data", "logs")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleViolation:
    """What a rule found at a path of the spec, and what to do about it."""

    path: Path
    message: str
    fix: str = ""
    at_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A spec over its environment, as far as both fit their models.

    `value` is the same as plain data without defaults; `broken` names the paths that did not fit and have been reported. Only warnings may depend on `today`.
    """

    spec: PipelineSpec
    environment: EnvironmentSpec
    document: Document
    value: dict[str, Any]
    broken: frozenset[Path]
    files: ProjectFiles
    today: dt.date
    environment_document: Document
    environment_is_whole: bool = True
    variables: dict[str, str] = field(default_factory=dict)

    def is_broken(self, path: Path) -> bool:
        """Whether something at, above or below the path has been reported already."""
        return any(one[: len(path)] == path or path[: len(one)] == one for one in self.broken)

    def is_absent(self, path: Path) -> bool:
        """Whether there really is no value: nothing that was written there but did not fit, nor an environment that could not be read."""
        if path[:1] == ("cluster",) and not self.environment_is_whole:
            return False
        return value_at(self.value, path) is None and not self.is_broken(path)

    def steps(self) -> Iterator[tuple[Path, StepSpec]]:
        """Each step with its path."""
        for index, step in enumerate(self.spec.steps):
            yield ("steps", index), step

    def resolve(self, text: str) -> str:
        """The text with the environment's values put in; a malformed placeholder is left for its own rule."""
        try:
            return str(resolve_known(text, self._known))
        except PlaceholderError:
            return text

    def resolve_texts(self, value: Any) -> Any:
        """A JSON value with the environment's values put into its texts; one with a malformed placeholder is left for its own rule."""
        try:
            return resolve_known(value, self._known)
        except PlaceholderError:
            return value

    def plain(self, value: Any) -> Any:
        """A JSON value as it is used outside of requests: the environment's values put in, and `$${` turned back into `${`."""
        try:
            return substitute(resolve_known(value, self._known), str)
        except PlaceholderError:
            return value

    def _known(self, reference: Reference) -> str | None:
        return self.variables.get(reference.parts[1]) if reference.root == "env" and len(reference.parts) == 2 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that is checked, with an id that stays the same; a spec loads in spite of a warning."""

    id: str
    check: Callable[[Context], Iterator[RuleViolation]]
    severity: Severity = "error"

    def problems(self, context: Context) -> Iterator[Problem]:
        """The findings as problems with their place in the file."""
        for finding in self.check(context):
            yield context.document.problem(
                finding.path,
                finding.message,
                finding.fix,
                at_key=finding.at_key,
                rule=self.id,
                severity=self.severity,
            )


def environment_values(environment: EnvironmentSpec) -> dict[str, str]:
    """The values of `${env.*}`."""
    built_in = {name: str(getattr(environment, name)) for name in BUILT_IN_VALUES}
    return {name: scalar_text(value) for name, value in environment.variables.items()} | built_in

"""A plan together with the content of the code that it publishes: what two plans are compared by, and what a run leaves on S3. Pure data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Plan

_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactContent:
    """An artifact as it is uploaded: its size and sha256; `files` are those of each file in a package, by path in the zip.

    Packages are compared by their files: the bytes of a zip depend on the machine's zlib.
    """

    kind: Literal["file", "package"]
    source: str
    target: str
    bytes: int
    sha256: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """A plan as JSON values, the content of its artifacts, and the prefix where that code lies or will lie."""

    plan: Mapping[str, Any]
    artifacts: tuple[ArtifactContent, ...]
    code_prefix: str

    @property
    def digest(self) -> str:
        """16 hex digits of the whole record."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:_DIGITS]

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {
            "plan": self.plan,
            "artifacts": [asdict(artifact) for artifact in self.artifacts],
            "code_prefix": self.code_prefix,
        }


def record_plan(plan: Plan, artifacts: Sequence[ArtifactContent], code_prefix: str) -> PlanRecord:
    """The record of a plan whose code has been read."""
    # Through text: a record that was read from S3 has lists where the plan has tuples.
    return PlanRecord(plan=json.loads(json.dumps(plan.to_json())), artifacts=tuple(artifacts), code_prefix=code_prefix)


def parse_record(value: Mapping[str, Any], *, place: str) -> PlanRecord:
    """The record that `to_json` wrote. Raises EmrPipelinesError naming the place when it is something else."""
    try:
        artifacts = tuple(ArtifactContent(**artifact) for artifact in value["artifacts"])
        return PlanRecord(plan=dict(value["plan"]), artifacts=artifacts, code_prefix=str(value["code_prefix"]))
    except (KeyError, TypeError, ValueError) as error:
        raise EmrPipelinesError(
            f"{place} is no plan that this version of emr-pipelines reads ({type(error).__name__}: {error}); "
            "run the pipeline once with this version, or compare with a git revision: --against HEAD"
        ) from error

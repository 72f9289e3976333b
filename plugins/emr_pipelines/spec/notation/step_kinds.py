"""The kinds of step. Pure data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:  # the plan's records need only the names
    from emr_pipelines.spec.models.pipeline import StepSpec

StepKind = Literal["spark", "streaming", "s3_dist_cp", "jar", "command"]
KINDS: tuple[StepKind, ...] = get_args(StepKind)


def kind_of(step: StepSpec) -> StepKind:
    """The one kind key of a step that the rules have checked."""
    return next(kind for kind in KINDS if getattr(step, kind) is not None)

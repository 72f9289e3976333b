"""Whether a run did all that its plan says, judged by what its tasks left behind and not by their states alone: anybody can mark a task as success. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.references import ancestors_of

_DID_NOT_RUN = {
    None: "did not run",
    "removed": "did not run, since it is no longer part of the DAG",
    "skipped": "did not run; it was skipped, as a run that somebody marks has its waiting tasks skipped",
    "success": "did not run; somebody marked it as success",
    "upstream_failed": "did not run, since a task before it failed or its own submit did",
    "failed": "failed; the log of its task says why",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvidence:
    """What is known of a step after the run's other tasks.

    `ended`: when EMR ended it, handed on by the task that waited for it and verified its output; None when no task did. `state` is that task's in
    Airflow. `empty` holds what the submit task said when the step was left out because its input held nothing (`on_empty: skip`).
    """

    name: str
    upstream: Sequence[str]
    state: str | None
    ended: dt.datetime | None
    empty: str | None = None


def find_gaps(steps: Sequence[StepEvidence]) -> list[str]:
    """What keeps the run from being complete, a sentence per step; empty when every step ran in it and each output was verified.

    A step that was left out since its input held nothing is no gap, and neither are those after it.
    """
    by_name = {step.name: step for step in steps}
    before = ancestors_of({step.name: step.upstream for step in steps})
    gaps = []
    for step in steps:
        if step.empty is not None or any(by_name[name].empty is not None for name in before[step.name]):
            continue
        gap = _gap(step, by_name)
        if gap is not None:
            gaps.append(f"{step.name} {gap}")
    return gaps


def _gap(step: StepEvidence, by_name: Mapping[str, StepEvidence]) -> str | None:
    if step.ended is None:
        return _DID_NOT_RUN.get(step.state, f"did not run; its task is {step.state}")
    if step.state != "success":
        return f"had ended, and then its task became {step.state or 'cleared'}"
    # A step that ran again after this one had used it: what this one made comes from an output that is no longer the run's.
    newer = [name for name in step.upstream if (ended := by_name[name].ended) is not None and ended > step.ended]
    if newer:
        return f"ended before {', '.join(newer)}, which ran again since; clear {step.name} with its downstream tasks"
    return None

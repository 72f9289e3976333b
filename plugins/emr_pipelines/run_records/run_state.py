"""What state a run is in, from what EMR and S3 tell of its steps and clusters. Pure: the time is passed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from emr_pipelines.emr.emr_api import TERMINAL_STEP_STATES

RunState = Literal["running", "success", "skipped", "failed", "incomplete"]

# Between two steps a run does nothing that EMR sees: Airflow verifies, publishes, and starts the next task.
_BETWEEN_TASKS = dt.timedelta(minutes=5)
# EMR's word, where a step was not submitted.
NOT_SUBMITTED = "-"
_COMPLETED = "COMPLETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """A step: EMR's state of its latest attempt (`-` where none was submitted); whether that attempt's output was verified, None for a step without an output."""

    name: str
    state: str
    verified: bool | None
    skips_when_empty: bool = False

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is missing. EMR forgets steps; a verified output remains."""
        return self.verified is True or (self.verified is None and self.state == _COMPLETED)

    @property
    def has_failed(self) -> bool:
        """Whether its latest attempt ended otherwise than well; an earlier one may have been verified, before somebody cleared the step."""
        return self.state in TERMINAL_STEP_STATES and self.state != _COMPLETED

    @property
    def is_active(self) -> bool:
        """Whether it may still run."""
        return self.state != NOT_SUBMITTED and self.state not in TERMINAL_STEP_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """A cluster of the run: EMR's state and reason; `is_own` where the run made it and ends it."""

    cluster_id: str
    state: str
    reason: str
    is_live: bool
    is_own: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunVerdict:
    """A run's state, and why in one sentence; empty for a success."""

    state: RunState
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """All that a run's state depends on. `last_sign` is when EMR or S3 last saw something of it."""

    steps: Sequence[StepFacts]
    clusters: Sequence[ClusterFacts]
    last_sign: dt.datetime | None
    now: dt.datetime

    @property
    def is_recent(self) -> bool:
        """Whether Airflow may still be about to do the next thing."""
        return self.last_sign is not None and self.now - self.last_sign < _BETWEEN_TASKS


def verdict_of(facts: RunFacts) -> RunVerdict:
    """A run succeeded only when all of its steps did and their outputs were verified; while its own cluster lives it runs."""
    for judge in (_of_living, _of_failed, _of_done, _of_unfinished):
        verdict = judge(facts)
        if verdict is not None:
            return verdict
    return RunVerdict(state="incomplete", why=_why_incomplete(facts))


def _of_living(facts: RunFacts) -> RunVerdict | None:
    own = next((one for one in facts.clusters if one.is_live and one.is_own), None)
    active = [step.name for step in facts.steps if step.is_active]
    if own is not None:
        what = f"step {', '.join(active)}" if active else f"its cluster {own.cluster_id} is {own.state}"
        return RunVerdict(state="running", why=what)
    if active and any(one.is_live for one in facts.clusters):
        return RunVerdict(state="running", why=f"step {', '.join(active)}")
    return None


def _of_failed(facts: RunFacts) -> RunVerdict | None:
    failed = [step for step in facts.steps if step.has_failed]
    if failed:
        return RunVerdict(state="failed", why="; ".join(f"step {step.name} is {step.state}" for step in failed))
    done = all(step.is_done for step in facts.steps)
    broken = next((one for one in reversed(facts.clusters) if one.state == "TERMINATED_WITH_ERRORS"), None)
    if broken is not None and not done:
        return RunVerdict(state="failed", why=f"its cluster {broken.cluster_id} is {broken.reason}")
    return None


def _of_done(facts: RunFacts) -> RunVerdict | None:
    return RunVerdict(state="success") if facts.steps and all(step.is_done for step in facts.steps) else None


def _of_unfinished(facts: RunFacts) -> RunVerdict | None:
    ended_own = any(one.is_own and not one.is_live for one in facts.clusters)
    if facts.is_recent and not ended_own:
        waits = not facts.clusters
        return RunVerdict(state="running", why="no cluster of it is known yet" if waits else "between two steps")
    unverified = [step.name for step in facts.steps if step.state == _COMPLETED and not step.is_done]
    if unverified:
        return RunVerdict(
            state="failed", why=f"the output of step {', '.join(unverified)} was not accepted after it COMPLETED"
        )
    return None


def _why_incomplete(facts: RunFacts) -> str:
    if not facts.clusters and not any(step.state != NOT_SUBMITTED for step in facts.steps):
        return "EMR knows no cluster of it: none was made, or it is older than the two months that EMR remembers"
    missing = next((step for step in facts.steps if not step.is_done), None)
    if missing is None:
        return "it has no steps that are known"
    if missing.is_active:
        return f"its cluster ended while step {missing.name} was {missing.state}"
    perhaps = ", which may have been skipped for an empty input" if missing.skips_when_empty else ""
    return f"it ended before step {missing.name} was submitted{perhaps}"

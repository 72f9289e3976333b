"""Watching a step until its end, one DescribeStep a poll. Knows when to stop watching; decides nothing about what follows. Nothing here knows Airflow."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.emr.emr_api import TERMINAL_STEP_STATES, EmrApi, StepTimedOut, describe_error
from emr_pipelines.emr.polling import PollInterval, RetryingReader, poll_until
from emr_pipelines.emr.steps import StepHandle, cancel_step, describe_step

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import StepTypeDef

log = logging.getLogger(__name__)

QUEUED_STATES = ("PENDING", "CANCEL_PENDING")
KNOWN_STATES = frozenset({*QUEUED_STATES, "RUNNING", *TERMINAL_STEP_STATES})
Verdict = Literal["watch", "ended", "timed out", "queued too long"]
_OTHERS_SHOWN = 5
_TELL_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLimits:
    """How long a step may take from its submission to its end, and how long it may be queued, in seconds; None: as long as it likes."""

    timeout_seconds: float | None = None
    queue_timeout_seconds: float | None = None

    def verdict(self, state: str, age: float) -> Verdict:
        """What a step in this state and of this age (seconds since its submission) calls for. A state that we do not know is not an end."""
        if state in TERMINAL_STEP_STATES:
            return "ended"
        if self.timeout_seconds is not None and age >= self.timeout_seconds:
            return "timed out"
        if state in QUEUED_STATES and self.queue_timeout_seconds is not None and age >= self.queue_timeout_seconds:
            return "queued too long"
        return "watch"

    def seconds_left(self, state: str, age: float) -> float:
        """How long a step in this state and of this age may still take; infinite without a limit."""
        limits = [self.timeout_seconds, self.queue_timeout_seconds if state in QUEUED_STATES else None]
        return min((limit - age for limit in limits if limit is not None), default=float("inf"))


@dataclass(slots=True)
class StepWatch:
    """What is known of a step while it is watched: its last state, and its age from EMR's own time of submission.

    `tell(state, age in seconds)` is called for each new state, and once a minute while nothing changes.
    """

    tell: Callable[[str, float], None]
    state: str = ""
    created: dt.datetime | None = None
    told_at: dt.datetime | None = None

    def take(self, step: StepTypeDef | None, limits: WatchLimits, now: dt.datetime) -> Verdict:
        """Take in an observation; None means that EMR did not answer."""
        if step is not None:
            self._take_state(step["Status"]["State"], step, now)
        return limits.verdict(self.state, self.age(now))

    def age(self, now: dt.datetime) -> float:
        """Seconds since the submission."""
        self.created = self.created or now
        return max((now - self.created).total_seconds(), 0.0)

    def pause(self, interval: PollInterval, limits: WatchLimits, now: dt.datetime) -> float:
        """Seconds until the next look: the interval's for the step's age, and never past a limit."""
        age = self.age(now)
        return max(min(interval.seconds_at(age), limits.seconds_left(self.state, age)), interval.minimum / 2)

    def _take_state(self, state: str, step: StepTypeDef, now: dt.datetime) -> None:
        self.created = step["Status"].get("Timeline", {}).get("CreationDateTime", self.created)
        if state != self.state and state not in KNOWN_STATES:
            log.warning(
                "EMR gives the step the state %s, which this version does not know; it is taken for running", state
            )
        if state != self.state or self.told_at is None or now - self.told_at >= _TELL_EVERY:
            self.state, self.told_at = state, now
            self.tell(state, self.age(now))


def utc_now() -> dt.datetime:
    """The time, for the age of a step against EMR's own times."""
    return dt.datetime.now(dt.UTC)


def watch_step(
    api: EmrApi,
    handle: StepHandle,
    *,
    limits: WatchLimits,
    tell: Callable[[str, float], None],
    interval: PollInterval | None = None,
) -> StepTypeDef:
    """Block until the step has ended; returns DescribeStep's answer. `tell` is StepWatch's.

    Raises StepTimedOut (final) after cancelling a step that takes longer than its limits, RunError when EMR stays silent.
    """
    reader, watch, interval = RetryingReader(api), StepWatch(tell), interval or PollInterval()
    verdict: Verdict = "watch"

    def observe() -> StepTypeDef | None:
        nonlocal verdict
        step = reader.read(lambda api: describe_step(api, handle))
        verdict = watch.take(step, limits, utc_now())
        return step

    step = poll_until(observe, lambda _: verdict != "watch", lambda _: watch.pause(interval, limits, utc_now()))
    if verdict == "ended" and step is not None:
        return step
    raise give_up(reader.api, handle, verdict, limits)


def give_up(api: EmrApi, handle: StepHandle, verdict: Verdict, limits: WatchLimits) -> StepTimedOut:
    """Cancel a step whose time is over; the error to raise."""
    others = _others_in_the_way(api, handle) if verdict == "queued too long" else ""
    state = cancel_step(api, handle)
    if verdict == "queued too long":
        words = f"was queued longer than its queue_timeout of {_text(limits.queue_timeout_seconds)}{others}"
    else:
        words = f"took longer than its timeout of {_text(limits.timeout_seconds)}"
    return StepTimedOut(f"Step {handle.step_id} {words}; after the cancellation it is {state}", retryable=False)


def _others_in_the_way(api: EmrApi, handle: StepHandle) -> str:
    try:
        steps = api.read.list_steps(ClusterId=handle.cluster_id, StepStates=["RUNNING", "PENDING"])["Steps"]
    except (ClientError, BotoCoreError) as error:
        # These are only words; the step must be cancelled all the same.
        return f" (what else is queued is not known: {describe_error(error)})"
    ahead = [
        f"{step['Id']} ({step['Name']}) {step['Status']['State']}"
        for step in reversed(steps)
        if step["Id"] != handle.step_id
    ]
    more = f" and {len(ahead) - _OTHERS_SHOWN} more" if len(ahead) > _OTHERS_SHOWN else ""
    return f" behind {', '.join(ahead[:_OTHERS_SHOWN])}{more}" if ahead else " (nothing else is queued on the cluster)"


def _text(seconds: float | None) -> str:
    return str(dt.timedelta(seconds=seconds or 0))

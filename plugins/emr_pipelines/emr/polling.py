"""How often a run asks EMR for a state: the interval grows with the age of what is watched, within bounds. The clock is tenacity's."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, stop_never

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PollInterval:
    """Seconds between two polls: `age / 20` within [minimum, maximum], plus up to 20 % jitter so that runs do not poll in step.

    A step of ten minutes is then seen at most 30 s late, and a local step of seconds within half a second.
    """

    minimum: float = 0.5
    maximum: float = 30.0

    def __call__(self, state: RetryCallState) -> float:
        """The pause before the next poll (tenacity's wait protocol)."""
        age = state.seconds_since_start or 0.0
        return min(max(age / 20, self.minimum), self.maximum) * random.uniform(1.0, 1.2)  # noqa: S311 - jitter, no secret


def poll_until(
    observe: Callable[[], T], done: Callable[[T], bool], interval: PollInterval, *, timeout_seconds: float | None = None
) -> T:
    """Call `observe` until `done` accepts its value; the last value when `timeout_seconds` have passed."""
    stop = stop_never if timeout_seconds is None else stop_after_delay(timeout_seconds)
    polling = Retrying(
        retry=retry_if_result(lambda value: not done(value)), wait=interval, stop=stop, retry_error_callback=_last_value
    )
    return polling(observe)


def _last_value(state: RetryCallState) -> object:
    if state.outcome is None:
        raise RuntimeError("tenacity gave up before the first poll")
    return state.outcome.result()

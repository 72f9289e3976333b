"""How often a run asks EMR for a state, and how it bears with an EMR that does not answer. The clock is tenacity's."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, stop_never

from emr_pipelines.emr.emr_api import (
    EmrApi,
    RunError,
    describe_error,
    is_expired,
    is_outage,
    is_throttling,
    may_succeed_later,
)

T = TypeVar("T")

OUTAGE_SECONDS = 300.0
# From this part of the expected time on the end is watched for closely; before that the pauses may be longer.
_WATCH_FROM = 0.7
_LONGEST_PAUSE = 120.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollInterval:
    """Seconds between two polls of something that has the age `age`: `age / 10` within [minimum, maximum], plus up to 20 % jitter so that runs do not poll in step.

    `expected` is how long it took the last time: until 70 % of that only every `maximum` seconds (a tenth of it, if that is more; 120 at most), and around it
    closely (`expected / 30`), which costs fewer calls and sees the end sooner.
    """

    minimum: float = 0.5
    maximum: float = 30.0
    expected: float | None = None

    def __call__(self, state: RetryCallState) -> float:
        """The pause before the next poll (tenacity's wait protocol)."""
        return self.seconds_at(state.seconds_since_start or 0.0)

    def seconds_at(self, age: float) -> float:
        """The pause at an age in seconds."""
        jitter = random.uniform(1.0, 1.2)  # noqa: S311 - jitter, no secret
        return min(max(self._wanted(age), self.minimum), self._longest(age)) * jitter

    def _longest(self, age: float) -> float:
        if self.expected is None or age > _WATCH_FROM * self.expected:
            return self.maximum
        # Far from the expected end only a failure would be seen late: by a tenth of the time, two minutes at most.
        return min(max(self.maximum, self.expected / 10), _LONGEST_PAUSE)

    def _wanted(self, age: float) -> float:
        if self.expected is None or age > 1.5 * self.expected:
            return age / 10
        # With jitter this ends at 84 % at the latest.
        return max(_WATCH_FROM * self.expected - age, self.expected / 30)


def poll_until(
    observe: Callable[[], T],
    done: Callable[[T], bool],
    interval: Callable[[RetryCallState], float],
    *,
    timeout_seconds: float | None = None,
) -> T:
    """Call `observe` until `done` accepts its value; the last value when `timeout_seconds` have passed."""
    stop = stop_never if timeout_seconds is None else stop_after_delay(timeout_seconds)
    polling = Retrying(
        retry=retry_if_result(lambda value: not done(value)), wait=interval, stop=stop, retry_error_callback=_last_value
    )
    return polling(observe)


class RetryingReader:
    """Reads that outlast throttling (without end), an outage of `outage_seconds`, and credentials that run out once.

    botocore's own ten attempts come first: what arrives here has lasted for a minute.
    """

    def __init__(self, api: EmrApi, *, outage_seconds: float = OUTAGE_SECONDS) -> None:
        self.api = api
        self._outage_seconds = outage_seconds
        self._silent_since: float | None = None
        self._renewed = False

    def read(self, call: Callable[[EmrApi], T]) -> T | None:
        """The call's value; None while EMR does not answer. Raises RunError: retryable for an outage that lasts, final for a refusal."""
        try:
            value = call(self.api)
        except (ClientError, BotoCoreError) as error:
            if is_expired(error) and self.api.renew is not None and not self._renewed:
                log.warning("The credentials have expired; going on with new ones")
                self.api, self._renewed = self.api.renew(), True
                return self.read(call)
            if not self._bears_with(error):
                raise RunError(
                    f"EMR does not answer: {describe_error(error)}", retryable=may_succeed_later(error)
                ) from error
            log.warning("EMR does not answer (%s); asking again", describe_error(error))
            return None
        self._silent_since, self._renewed = None, False
        return value

    def _bears_with(self, error: Exception) -> bool:
        if is_throttling(error):
            return True
        if not is_outage(error):
            return False
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        return now - self._silent_since < self._outage_seconds


def _last_value(state: RetryCallState) -> object:
    if state.outcome is None:
        raise RuntimeError("tenacity gave up before the first poll")
    return state.outcome.result()

"""Calls that create something, sent once and reconciled: a lost reply, a retry or a kill never makes a second one."""

from __future__ import annotations

import logging
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import (
    Retrying,
    retry_if_exception,
    retry_if_result,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential_jitter,
)

from emr_pipelines.emr.emr_api import RunError, describe_error, is_ambiguous, is_throttling, may_succeed_later

log = logging.getLogger(__name__)

THROTTLE_ATTEMPTS = 6
GRACE_SECONDS = 30.0


def create_once(
    what: str, send: Callable[[], str], find: Callable[[], str | None], *, grace_seconds: float = GRACE_SECONDS
) -> str:
    """Send a creating call and return the id of what it made, looking it up by key when the answer is lost.

    Throttling is retried here (it has no effect at EMR). After an ambiguous error `find` is polled for `grace_seconds`.
    Raises RunError: retryable when nothing was found after an ambiguous error or throttling lasted, final for every other refusal.
    """
    try:
        return _sending()(send)
    except (ClientError, BotoCoreError) as error:
        if is_ambiguous(error):
            return _reconcile(what, error, find, grace_seconds)
        raise RunError(f"{what} was refused: {describe_error(error)}", retryable=may_succeed_later(error)) from error


def _sending() -> Retrying:
    return Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, Exception) and is_throttling(error)),
        stop=stop_after_attempt(THROTTLE_ATTEMPTS),
        wait=wait_exponential_jitter(initial=1, max=30),
        reraise=True,
    )


def _reconcile(what: str, error: Exception, find: Callable[[], str | None], grace_seconds: float) -> str:
    log.warning("%s: the answer was lost (%s); looking for what it may have made", what, describe_error(error))
    polling = Retrying(
        retry=retry_if_result(lambda found: found is None),
        stop=stop_after_delay(grace_seconds),
        wait=wait_exponential_jitter(initial=1, max=5),
        retry_error_callback=lambda _: None,
    )
    found = polling(find)
    if found is None:
        raise RunError(
            f"{what}: the answer was lost ({describe_error(error)}) and nothing was found within {grace_seconds:.0f} s; a retry is safe",
            retryable=True,
        ) from error
    log.warning("%s: found and adopted %s", what, found)
    return found

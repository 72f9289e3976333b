"""Watches a step in the triggerer, so that a waiting task holds no worker slot. boto3 in threads: aiobotocore would pin boto3 back (provider's deferrable operators need it).

Decides nothing: it tells the resumed task what it saw.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from emr_pipelines.dag.aws_clients import emr_api
from emr_pipelines.emr.emr_api import EmrApi, RunError
from emr_pipelines.emr.polling import PollInterval, RetryingReader
from emr_pipelines.emr.step_watch import StepWatch, Verdict, WatchLimits, utc_now
from emr_pipelines.emr.steps import StepHandle, cancel_step, describe_step

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import StepTypeDef


class StepEndTrigger(BaseTrigger):
    """Fires when the step has ended, when its time is over, or when EMR stays silent.

    `progress` holds `cluster_id` and `step_id`; all of it comes back with the event, since `dag.test()` drops what a deferral puts aside.
    """

    def __init__(
        self,
        *,
        progress: dict[str, Any],
        aws_conn_id: str | None,
        region_name: str | None,
        timeout_seconds: float | None,
        queue_timeout_seconds: float | None,
        expected_seconds: float | None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's own class has no types there
        self.progress = progress
        self.handle = StepHandle(cluster_id=progress["cluster_id"], step_id=progress["step_id"])
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.limits = WatchLimits(timeout_seconds=timeout_seconds, queue_timeout_seconds=queue_timeout_seconds)
        self.expected_seconds = expected_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class path and the arguments, from which any triggerer makes this trigger again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "progress": self.progress,
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "timeout_seconds": self.limits.timeout_seconds,
            "queue_timeout_seconds": self.limits.queue_timeout_seconds,
            "expected_seconds": self.expected_seconds,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until there is something to tell."""
        watch, interval = StepWatch(self._log_state), PollInterval(expected=self.expected_seconds)
        try:
            reader = RetryingReader(await self._connect())
            while (verdict := await self._look(reader, watch)) == "watch":
                await asyncio.sleep(watch.pause(interval, self.limits, utc_now()))
            yield self._event(verdict=verdict)
        except RunError as error:
            yield self._event(error=str(error), retryable=error.retryable)

    async def on_kill(self) -> None:
        """Cancel the step: Airflow (3.3 and newer) calls this when somebody clears the deferred task or marks it."""
        work = asyncio.ensure_future(sync_to_async(self._cancel, thread_sensitive=False)())
        while not work.done():
            # Until a cancelled trigger is gone Airflow cancels it again with each beat of the triggerer (TriggerRunnerSupervisor.cancelling_triggers).
            with suppress(asyncio.CancelledError):
                await asyncio.shield(work)

    def _cancel(self) -> None:
        cancel_step(emr_api(self.aws_conn_id, self.region_name), self.handle)

    async def _connect(self) -> EmrApi:
        return await sync_to_async(emr_api, thread_sensitive=False)(self.aws_conn_id, self.region_name)

    async def _look(self, reader: RetryingReader, watch: StepWatch) -> Verdict:
        def describe() -> StepTypeDef | None:
            return reader.read(lambda api: describe_step(api, self.handle))

        step = await sync_to_async(describe, thread_sensitive=False)()
        return watch.take(step, self.limits, utc_now())

    def _log_state(self, state: str, age: float) -> None:
        self.log.info("Step %s is %s after %.0f s", self.handle.step_id, state, age)

    def _event(self, **payload: object) -> TriggerEvent:
        return TriggerEvent({**payload, "progress": self.progress})  # type: ignore[no-untyped-call]  # Airflow's own class has no types there

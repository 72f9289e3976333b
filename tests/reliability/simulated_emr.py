"""emr_local's own wire, service and state machines behind real boto3 clients, in this process: no sockets, no processes, and a clock that is moved by hand.

What runs the steps is replaced by whoever holds this: it says which step ends how.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError
from werkzeug.test import Client

from emr_local.clusters.instance_losses import Loss, interrupt_steps, lose
from emr_local.clusters.states import (
    USER_REQUEST,
    Delays,
    advance,
    cancel_step,
    choose_startable,
    end_step,
    find_due_time,
    is_going,
    start_step,
    terminate,
)
from emr_local.clusters.store import Store
from emr_local.faults.fault import S3, Effect, Fault
from emr_local.faults.fault_answers import refuse
from emr_local.operations.service import EmrService
from emr_local.resources.records import JobFlow, ReasonCode, StepRecord, StepState
from emr_local.runners.contract import StepOutcome
from emr_local.wire.json_protocol import EmrApplication
from tests.aws_clients import client
from tests.reliability.simulated_s3 import SimulatedS3
from tests.reliability.stepwise import Clock, Order, current_worker

URL = "http://127.0.0.1:5566"
BUCKET = "emr-pipelines-local"
# Between two calls of one task; also keeps two clusters from having the same age.
CALL_SECONDS = 0.05
DELAYS = Delays(starting=3, bootstrapping=1, terminating=2)
_REFUSALS = {
    Order.THROTTLE: Effect.THROTTLE,
    Order.ERROR_BEFORE: Effect.ERROR_BEFORE,
    Order.ERROR_AFTER: Effect.ERROR_AFTER,
}


class _Wire:
    """Two boto3 clients, made once since that takes long, whose requests go to `send`."""

    def __init__(self) -> None:
        self.send: Callable[..., AWSResponse]
        # botocore's own attempts would only repeat what a fault here stands for: a failure that outlasted them.
        config = {"retries": {"mode": "standard", "total_max_attempts": 1}, "s3": {"addressing_style": "path"}}
        self.emr: Any = client(URL, "emr", **config)
        self.s3: Any = client(URL, "s3", **config)
        for each in (self.emr, self.s3):
            each.meta.events.register("before-send", lambda **sent: self.send(**sent))


_wire = lru_cache(maxsize=1)(_Wire)


class SimulatedEmr:
    """One region's clusters and buckets. `watch` is told the operation of each call of a worker that had its effect."""

    def __init__(self, directory: Path, clock: Clock, watch: Callable[[str], None]) -> None:
        self.clock = clock
        self.store = Store(directory)
        self.stubborn = False
        self.writers: dict[str, list[str]] = {}
        self._watch = watch
        self.bucket = SimulatedS3()
        self._web = Client(EmrApplication(EmrService(self.store, clock.time).handle, _no_other_service))
        wire = _wire()
        wire.send = self._send
        self.emr, self.s3 = wire.emr, wire.s3

    def pass_time(self, seconds: float) -> None:
        """Move the clock, the clusters with it, and let processes end that were told to."""
        self.clock.now += seconds
        with self.store.changed:
            for flow in self.store.list_live_flows():
                self.store.save_flow(self._pass_time(flow))
            self._start_steps()

    def _pass_time(self, flow: JobFlow) -> JobFlow:
        for step in flow.steps:
            if step.state is StepState.CANCEL_PENDING and (step.cancel_by_kill or not self.stubborn):
                flow = end_step(flow, step.step_id, StepOutcome(exit_code=-15), self.clock.now)
        while (due := find_due_time(flow, DELAYS)) is not None and due <= self.clock.now:
            flow = advance(flow, due)
        return flow

    def live(self) -> list[JobFlow]:
        """The clusters that take steps."""
        return [flow for flow in self.store.list_flows() if not is_going(flow)]

    def lost(self) -> list[JobFlow]:
        """The clusters that ended because an instance failed."""
        return [flow for flow in self.store.list_flows() if flow.cluster.reason_code is ReasonCode.INSTANCE_FAILURE]

    def steps(self, *states: StepState) -> list[StepRecord]:
        """All steps in these states, of all clusters that there ever were."""
        return [step for flow in self.store.list_flows() for step in flow.steps if not states or step.state in states]

    def finish_step(self, step: StepRecord, *, exit_code: int) -> None:
        """The process of a running step ends; a good one leaves its output, a bad one half of it."""
        for name in ["part-00000"] if exit_code else ["part-00000", "_SUCCESS"]:
            self.bucket.objects[f"{step.args[-1].removeprefix('s3://')}/{name}"] = step.step_id.encode()
        self._change(
            step.cluster_id, lambda flow, now: end_step(flow, step.step_id, StepOutcome(exit_code=exit_code), now)
        )

    def interrupt_step(self, step: StepRecord) -> None:
        """A running step becomes INTERRUPTED; its cluster stays."""
        self._change(step.cluster_id, lambda flow, now: interrupt_steps(flow, [step.step_id], now))

    def cancel_step(self, step: StepRecord) -> None:
        """Somebody cancels a step from the console."""
        self._change(step.cluster_id, lambda flow, now: cancel_step(flow, step.step_id, now))

    def lose_cluster(self, cluster_id: str, loss: Loss) -> None:
        """The cluster is lost to its instances or to its auto-termination policy."""
        self._change(cluster_id, lambda flow, now: lose(flow, loss, now))

    def terminate_cluster(self, cluster_id: str) -> None:
        """Somebody ends the cluster from the console."""
        self._change(cluster_id, lambda flow, now: terminate(flow, USER_REQUEST, now))

    def _change(self, cluster_id: str, change: Callable[[JobFlow, float], JobFlow | None]) -> None:
        with self.store.changed:
            flow = self.store.find_flow(cluster_id)
            assert flow is not None
            self.store.save_flow(change(flow, self.clock.now) or flow)
            self._start_steps()

    def _start_steps(self) -> None:
        for flow in self.store.list_live_flows():
            for step in choose_startable(flow):
                flow = start_step(flow, step.step_id, self.clock.now)
                self.writers.setdefault(step.args[-1], []).append(step.step_id)
            self.store.save_flow(flow)

    def _send(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        service, operation = event_name.split(".")[1:]
        worker = current_worker()
        order = Order.ANSWER if worker is None else worker.pause(operation)
        match order:
            case Order.NO_CONNECTION:
                raise EndpointConnectionError(endpoint_url=URL)
            case Order.THROTTLE | Order.ERROR_BEFORE:
                return _refuse(order, service, operation)
        answer = self._answer(service, operation, request)
        if worker is not None:
            self._watch(operation)
            self.pass_time(CALL_SECONDS)
        match order:
            case Order.KILL_AFTER if worker is not None:
                worker.die()
            case Order.RESET_AFTER:
                raise ConnectionClosedError(endpoint_url=URL)
            case Order.ERROR_AFTER:
                return _refuse(order, service, operation)
        return answer

    def _answer(self, service: str, operation: str, request: Any) -> AWSResponse:
        if service == "s3":
            status, headers, body = self.bucket.answer(operation, request)
        else:
            sent = {key: _text(value) for key, value in request.headers.items()}
            answer = self._web.post("/", base_url=URL, headers=sent, data=request.body)
            status, headers, body = answer.status_code, dict(answer.headers), answer.get_data()
        return AWSResponse(request.url, status, headers, _Body(body))


def _refuse(order: Order, service: str, operation: str) -> AWSResponse:
    answer = refuse(Fault(effect=_REFUSALS[order]), S3 if service == "s3" else operation)
    return AWSResponse(URL, int(answer.status.split()[0]), dict(answer.headers), _Body(answer.body))


def _no_other_service(*_: Any) -> Any:
    raise NotImplementedError("only EMR is asked here")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class _Body(io.BytesIO):
    """What botocore reads a response from."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """All of it."""
        yield self.read()

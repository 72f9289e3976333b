"""Plays faults on calls as they come in over HTTP, in front of the EMR service and moto, and has EMR's calls recorded. Changes no record itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.test import run_wsgi_app

from emr_local.control.call_log import CallLog
from emr_local.faults.fault import DROPS, HANGS, HAPPENS, REFUSALS, S3, Effect, Fault
from emr_local.faults.fault_answers import Answer, refuse, retell
from emr_local.faults.fault_registry import FaultRegistry
from emr_local.wire.bodies import read_body
from emr_local.wire.json_protocol import find_operation
from emr_local.wire.listening import drop_connection


class FaultInjector:
    """Passes requests on to an application, but for those that a fault of the registry hits."""

    def __init__(
        self, application: WSGIApplication, *, registry: FaultRegistry, calls: CallLog, clock: Callable[[], float]
    ) -> None:
        self._application = application
        self._registry = registry
        self._calls = calls
        self._clock = clock
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End all waiting, now and later."""
        self._stopped.set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One HTTP request."""
        operation = find_operation(environ)
        hit = self._registry.take_call(operation or S3, environ.get("PATH_INFO", ""))
        if operation is None and hit is None:
            return self._application(environ, start_response)
        arrived, request = self._clock(), read_body(environ) if operation else b""
        fault = hit.fault if hit else None
        truth = self._let_happen(fault, environ)
        answer = _choose_answer(fault, operation or S3, truth)
        if operation:
            self._calls.record(
                time=arrived,
                operation=operation,
                fault_id=hit.fault_id if hit else None,
                bodies=(request, truth.body if truth else b""),
                answer=answer.body if answer else b"",
            )
        if fault and fault.effect in HANGS:
            self._stopped.wait(fault.seconds)
        if answer is None:
            drop_connection(environ)
        start_response(answer.status, list(answer.headers))
        return [answer.body]

    def _let_happen(self, fault: Fault | None, environ: WSGIEnvironment) -> Answer | None:
        if fault and fault.effect not in HAPPENS:
            return None
        if fault and fault.effect is Effect.SLOW:
            self._stopped.wait(fault.seconds)
        body, status, headers = run_wsgi_app(self._application, environ, buffered=True)
        return Answer(status=status, headers=tuple(headers.to_wsgi_list()), body=b"".join(body))


def _choose_answer(fault: Fault | None, operation: str, truth: Answer | None) -> Answer | None:
    """What the client gets; None for nothing at all."""
    if fault is None:
        return truth
    if fault.effect in DROPS:
        return None
    if fault.effect in REFUSALS:
        return refuse(fault, operation)
    return retell(truth, fault.state) if truth and fault.state else truth

"""The answers that faults give instead of the true ones: errors in AWS's words, and states that are not so. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from emr_local.faults.fault import S3, Effect, Fault
from emr_local.resources.identifiers import CALLER_ARN


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer that is complete."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    code: str
    message: str
    status: int


_INTERNAL = "We encountered an internal error. Please try again."
_EMR_REFUSALS: Mapping[Effect, _Refusal] = {
    Effect.THROTTLE: _Refusal(code="ThrottlingException", message="Rate exceeded", status=400),
    Effect.ERROR_BEFORE: _Refusal(code="InternalFailure", message=_INTERNAL, status=500),
    Effect.ERROR_AFTER: _Refusal(code="InternalFailure", message=_INTERNAL, status=500),
    Effect.DENY: _Refusal(
        code="AccessDeniedException",
        message=(
            f"User: {CALLER_ARN} is not authorized to perform: elasticmapreduce:%s "
            "on resource: * because no identity-based policy allows the elasticmapreduce:%s action"
        ),
        status=400,
    ),
}
_S3_REFUSALS: Mapping[Effect, _Refusal] = {
    Effect.THROTTLE: _Refusal(code="SlowDown", message="Please reduce your request rate.", status=503),
    Effect.ERROR_BEFORE: _Refusal(code="InternalError", message=_INTERNAL, status=500),
    Effect.ERROR_AFTER: _Refusal(code="InternalError", message=_INTERNAL, status=500),
    Effect.DENY: _Refusal(code="AccessDenied", message="Access Denied", status=403),
}


def refuse(fault: Fault, operation: str) -> Answer:
    """The error with which a fault answers a call of an EMR operation, or of `S3`."""
    usual = (_S3_REFUSALS if operation == S3 else _EMR_REFUSALS)[fault.effect]
    code = fault.code or usual.code
    message = fault.message or usual.message.replace("%s", operation)
    if operation == S3:
        kind, body = (
            "application/xml",
            f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>",
        )
    else:
        kind, body = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    encoded = body.encode()
    headers = (("Content-Type", kind), ("Content-Length", str(len(encoded))))
    return Answer(status=f"{fault.status or usual.status} Injected", headers=headers, body=encoded)


def retell(answer: Answer, state: str) -> Answer:
    """An answer about clusters or steps with this state in the place of every true one; errors stay as they are."""
    if not answer.status.startswith("200"):
        return answer
    reply = json.loads(answer.body)
    for shown in _find_statuses(reply):
        shown["State"] = state
    body = json.dumps(reply).encode()
    kept = tuple(pair for pair in answer.headers if pair[0].lower() != "content-length")
    return Answer(status=answer.status, headers=(*kept, ("Content-Length", str(len(body)))), body=body)


def _find_statuses(reply: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The statuses of the one or many things that the reply is about."""
    for member in reply.values():
        for each in member if isinstance(member, list) else [member]:
            if isinstance(each, dict) and "Status" in each:
                yield each["Status"]

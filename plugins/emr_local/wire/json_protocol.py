"""EMR's wire protocol, AWS JSON 1.1 over HTTP, as a WSGI application. Knows no operation's meaning.

Every EMR request passes through the one `Handler` that the application is given, after its shape was checked and before its reply is
written: what is to happen with an operation's effect wraps that callable. What is to happen to the exchange itself (no answer, a late or
another one) wraps the application.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from emr_local.resources.records import Json
from emr_local.wire.api_errors import ApiError
from emr_local.wire.bodies import read_body
from emr_local.wire.service_model import check_reply, check_request, has_output

Handler = Callable[[str, Json, str], Json]

TARGET_PREFIX = "ElasticMapReduce."
_DEFAULT_REGION = "us-east-1"
_CREDENTIAL_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/")
_STATUS_LINES = {200: "200 OK", 400: "400 Bad Request", 500: "500 Internal Server Error"}

log = logging.getLogger(__name__)


class EmrApplication:
    """Answers EMR requests with a handler and passes all others to another application."""

    def __init__(self, handle: Handler, others: WSGIApplication) -> None:
        self._handle = handle
        self._others = others

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One HTTP request."""
        operation = find_operation(environ)
        if operation is None:
            return self._others(environ, start_response)
        status, body = self._answer(operation, environ)
        headers = [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Content-Length", str(len(body))),
            ("x-amzn-RequestId", str(uuid.uuid4())),
        ]
        start_response(_STATUS_LINES[status], headers)
        return [body]

    def _answer(self, operation: str, environ: WSGIEnvironment) -> tuple[int, bytes]:
        try:
            parameters = check_request(operation, _read_parameters(environ))
            reply = self._handle(operation, parameters, find_region(environ))
            check_reply(operation, reply)
            return 200, _encode(reply) if has_output(operation) else b""
        except ApiError as error:
            return error.status, _encode({"__type": error.code, "message": error.message})
        except Exception as error:
            log.exception("%s failed inside the local EMR server", operation)
            text = f"The local EMR server failed inside {operation}: {error}. Its log has the traceback."
            return 500, _encode({"__type": "InternalServerException", "message": text})


def find_operation(environ: WSGIEnvironment) -> str | None:
    """The EMR operation that a request names, if it is one of EMR's."""
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    return target.removeprefix(TARGET_PREFIX) if target.startswith(TARGET_PREFIX) else None


def _read_parameters(environ: WSGIEnvironment) -> Any:
    try:
        return json.loads(read_body(environ) or b"{}")
    except ValueError as error:
        raise ApiError("SerializationException", f"The request's body is not JSON: {error}.") from error


def find_region(environ: WSGIEnvironment) -> str:
    """The region that a request is signed for."""
    match = _CREDENTIAL_SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return match[1] if match else _DEFAULT_REGION


def _encode(reply: Mapping[str, Any]) -> bytes:
    return json.dumps(reply).encode()

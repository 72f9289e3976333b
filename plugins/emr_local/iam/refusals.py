"""How AWS's services refuse: each protocol in its own form. Judges nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from wsgiref.types import StartResponse
from xml.sax.saxutils import escape

_CODE = "AccessDenied"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def refuse_object_request(message: str, start_response: StartResponse) -> Iterable[bytes]:
    """S3's answer to a request that is denied; a HEAD request's client reads the status only."""
    return _answer_xml(f"<Error>{_words(_CODE, message)}</Error>", start_response)


def refuse_json(message: str, start_response: StartResponse) -> Iterable[bytes]:
    """The answer of EMR and other services with a JSON protocol."""
    body = json.dumps({"__type": "AccessDeniedException", "message": message}).encode()
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
    start_response("400 Bad Request", headers)
    return [body]


def refuse_query(service: str, message: str, start_response: StartResponse) -> Iterable[bytes]:
    """The answer of IAM, CloudFormation and others with the query protocol; EC2 has a form of its own."""
    if service == "ec2":
        error = _words("UnauthorizedOperation", message)
        return _answer_xml(f"<Response><Errors><Error>{error}</Error></Errors></Response>", start_response)
    return _answer_xml(f"<ErrorResponse><Error>{_words(_CODE, message)}</Error></ErrorResponse>", start_response)


def list_deletion_errors(denied: Iterable[tuple[str, str]]) -> str:
    """The part of a DeleteResult that tells of denied objects, given as keys with the reason."""
    return "".join(f"<Error><Key>{escape(key)}</Key>{_words(_CODE, message)}</Error>" for key, message in denied)


def _words(code: str, message: str) -> str:
    return f"<Code>{code}</Code><Message>{escape(message)}</Message>"


def _answer_xml(text: str, start_response: StartResponse) -> Iterable[bytes]:
    body = (_HEAD + text).encode()
    start_response("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]

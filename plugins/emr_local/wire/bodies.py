"""The bodies of requests. Knows nothing of what they hold."""

from __future__ import annotations

import io
from wsgiref.types import WSGIEnvironment


def read_body(environ: WSGIEnvironment) -> bytes:
    """The whole body of a request, which whoever handles it next can read again."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body

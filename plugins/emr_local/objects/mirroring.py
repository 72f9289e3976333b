"""The S3 requests among those to moto: one at a time, and after each that may write, the directory follows before the reply is sent. Stores nothing itself."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from xml.sax.saxutils import escape

from werkzeug.wsgi import get_input_stream

from emr_local.objects.paths import UnstorableKeyError

# The object's file, percent-encoded: a header takes no other characters than ASCII's.
FILE_HEADER = "x-emr-local-file"
_LOG = logging.getLogger(__name__)
_WRITES = frozenset({"PUT", "POST", "DELETE", "PATCH"})


class Mirror(Protocol):
    """What follows the requests."""

    def exclusive(self) -> AbstractContextManager[object]:
        """While inside, nobody else changes an object."""

    def mirror(self, bucket_name: str | None = None, key: str | None = None) -> None:
        """Bring what a client changed in moto to disk."""

    def absorb_while_running(self) -> None:
        """Bring what running steps wrote into moto, if that is due."""

    def find_file(self, bucket_name: str, key: str) -> Path | None:
        """The file of an object; None where there is none."""


class MirroringApp:
    """WSGI middleware around moto's application."""

    def __init__(self, app: WSGIApplication, store: Mirror) -> None:
        self._app = app
        self._store = store

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on; hold back the reply to a write until the directory has it too."""
        if not is_s3_request(environ):
            return self._answer(environ, start_response, None, None)
        # moto's S3 has no locks of its own: a read would mix two versions of an object, and two conditional writes both win.
        # A client may send slowly, so the body is here before the others have to wait.
        environ["wsgi.input"] = io.BytesIO(get_input_stream(environ).read())
        environ["wsgi.input_terminated"] = True
        with self._store.exclusive():
            self._store.absorb_while_running()
            return self._answer(environ, start_response, *split_path(environ))

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse, bucket: str | None, key: str | None
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in _WRITES:
            return self._app(environ, self._naming_file(bucket, key, start_response))
        held = _HeldReply()
        body = self._app(environ, held)
        try:
            self._store.mirror(bucket, key)
        except UnstorableKeyError as problem:
            return _refuse("400 Bad Request", "InvalidArgument", str(problem), start_response)
        except OSError as problem:
            _LOG.exception("a write to the local S3 failed and was undone")
            text = (
                f"The local S3 cannot keep this on its disk: {problem.strerror or problem}. See that the disk has room."
            )
            return _refuse("500 Internal Server Error", "InternalError", text, start_response)
        start_response(*held.head)
        return body

    def _naming_file(self, bucket: str | None, key: str | None, start_response: StartResponse) -> StartResponse:
        """Say with an object where it is on this machine: a person reads a file more easily than S3."""
        file = self._store.find_file(bucket, key) if bucket and key else None
        if file is None:
            return start_response
        name = (FILE_HEADER, quote(str(file)))
        return lambda status, headers, *error: start_response(status, [*headers, name], *error)


class _HeldReply:
    """A start_response that only remembers."""

    def __init__(self) -> None:
        self.head: tuple[str, list[tuple[str, str]]] = ("500 Internal Server Error", [])

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        self.head = (status, headers)
        return lambda _: None  # the write() of old WSGI applications; moto's Flask never calls it


def is_s3_request(environ: WSGIEnvironment) -> bool:
    """Whether it is for S3: by the signature's scope; a request with neither signature nor target is S3 unless it is moto's own."""
    if environ.get("HTTP_X_AMZ_TARGET"):
        return False
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    scope = scope or parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential", [""])[0]
    if scope:
        return str(scope).split("/")[3:4] == ["s3"]
    path: str = environ.get("PATH_INFO", "")
    return not path.startswith(("/moto-api", "/latest/"))


def split_path(environ: WSGIEnvironment) -> tuple[str | None, str | None]:
    """Bucket and key of an S3 request, None where there is none."""
    path = (
        environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    )  # WSGI hands UTF-8 bytes as latin-1
    bucket, _, key = path.lstrip("/").partition("/")
    return bucket or None, key or None


def _refuse(status: str, code: str, message: str, start_response: StartResponse) -> Iterable[bytes]:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'.encode()
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]

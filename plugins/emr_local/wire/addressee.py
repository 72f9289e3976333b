"""Whether a request is meant for this server. Clients of a project sign with a key that names the state directory which they mean; a server that keeps another one refuses them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from xml.sax.saxutils import escape

_KEY = re.compile(r"(?:Credential=|AWS )(local-[0-9a-f]{16})[/:]")
_KEY_DIGITS = 16
_CODE = "AccessDenied"


def key_of(state_dir: Path) -> str:
    """The access key id of those who mean the server with this state directory. Any other form of key means whoever answers."""
    return f"local-{hashlib.sha256(os.fsencode(state_dir.resolve())).hexdigest()[:_KEY_DIGITS]}"


class AddresseeGuard:
    """Refuses requests that are signed for the server of another state directory, before anything of them happens."""

    def __init__(self, application: WSGIApplication, state_dir: Path) -> None:
        self._application = application
        self._state_dir = state_dir
        self._key = key_of(state_dir)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One HTTP request."""
        meant = _KEY.match(environ.get("HTTP_AUTHORIZATION", "").removeprefix("AWS4-HMAC-SHA256 "))
        if meant is None or meant[1] == self._key:
            return self._application(environ, start_response)
        kind, body = self._refusal(is_json="HTTP_X_AMZ_TARGET" in environ)
        start_response("403 Forbidden", [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _refusal(self, *, is_json: bool) -> tuple[str, bytes]:
        message = (
            f"The emr_local that answers here keeps {self._state_dir}, which is another project's. Start that of your project with "
            '`emr-pipelines local start`; a terminal that uses Airflow then needs its place: eval "$(emr-pipelines env)"'
        )
        if is_json:
            return "application/x-amz-json-1.1", json.dumps(
                {"__type": f"{_CODE}Exception", "message": message}
            ).encode()
        error = f"<Error><Code>{_CODE}</Code><Message>{escape(message)}</Message></Error>"
        return "application/xml", error.encode()

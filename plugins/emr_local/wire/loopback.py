"""Keeps the server to this machine: which addresses it may bind, and which requests it refuses, since it runs commands."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from emr_local.host.explained_errors import StartupError

_BINDABLE = ("127.0.0.1", "::1", "localhost")


def check_bind_host(host: str) -> str:
    """The host, if it is a loopback address."""
    if host not in _BINDABLE:
        raise StartupError(
            f"emr_local does not listen on {host}: it runs the commands of every step, so only this machine may reach it.",
            f"Use one of {', '.join(_BINDABLE)} for --host.",
        )
    return host


class LoopbackGuard:
    """Refuses requests that a name or a web page of another machine led here (DNS rebinding, cross-site requests)."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One HTTP request."""
        host = f"//{environ.get('HTTP_HOST', '')}"
        origin = environ.get("HTTP_ORIGIN")
        if _is_local(host) and (origin is None or _is_local(origin)):
            return self._application(environ, start_response)
        body = b"emr_local answers this machine only: the request's Host or Origin is neither 127.0.0.1, ::1 nor localhost.\n"
        start_response("403 Forbidden", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]


def _is_local(address: str) -> bool:
    try:
        name = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return name in _BINDABLE or name.endswith(".localhost")

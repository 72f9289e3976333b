"""The loopback port: bound before anything else is set up, so that a port that is taken is told at once."""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
from typing import Any, NoReturn
from wsgiref.types import WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from emr_local.host.explained_errors import StartupError
from emr_local.wire.loopback import check_bind_host


class Listener:
    """A bound loopback port, and the HTTP server on it. Port 0 takes a free one; a descriptor is that of a socket that whoever started this process has bound."""

    def __init__(self, host: str, port: int, descriptor: int | None = None) -> None:
        self._socket = _bind(check_bind_host(host), port) if descriptor is None else _take_over(descriptor)
        bound_host, bound_port = self._socket.getsockname()[:2]
        self.url = f"http://[{bound_host}]:{bound_port}" if ":" in bound_host else f"http://{bound_host}:{bound_port}"

    def create_server(self, application: WSGIApplication) -> BaseWSGIServer:
        """The HTTP server for an application, with a thread per request; it takes the port over."""
        host, port = self._socket.getsockname()[:2]
        descriptor = self._socket.fileno()
        server = make_server(host, port, application, threaded=True, request_handler=_RequestHandler, fd=descriptor)
        self.close()  # the server has its own duplicate
        return server

    def close(self) -> None:
        """Let the port go."""
        self._socket.close()


class _RequestHandler(MotoRequestHandler):
    """moto's request handler, which keeps S3 metadata as it was sent, without a line on stderr per request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        logging.getLogger(__name__).debug(message, *args)


def drop_connection(environ: WSGIEnvironment) -> NoReturn:
    """Close a request's TCP connection without an answer: the client sees a reset or an early end."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):  # the client may have gone first
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("The connection was dropped on purpose.")  # the HTTP server then writes nothing


def _take_over(descriptor: int) -> socket.socket:
    try:
        taken = socket.socket(fileno=descriptor)
        taken.set_inheritable(False)  # no step's process may hold the port
        check_bind_host(taken.getsockname()[0])
        taken.listen(socket.SOMAXCONN)
    except (OSError, IndexError) as error:
        raise StartupError(
            f"The descriptor {descriptor} is no socket that this process can listen at: {error}.",
            "Leave --listen-fd out, and use --port.",
        ) from error
    return taken


def _bind(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(socket.SOMAXCONN)
    except (OSError, OverflowError) as error:
        bound.close()
        raise StartupError(
            f"Port {port} of {host} cannot be used: {getattr(error, 'strerror', None) or error}.",
            "Stop what listens there (perhaps another emr_local), or choose another port with --port.",
        ) from error
    return bound

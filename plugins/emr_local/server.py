"""The server as a whole: puts store, supervisor, EMR service, moto and executor together on one loopback port, and takes them apart again."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from emr_local.loopback import LoopbackGuard, check_bind_host
from emr_local.runners.contract import Executor
from emr_local.service import EmrService
from emr_local.startup_errors import StartupError
from emr_local.states import Delays
from emr_local.store import Store
from emr_local.supervision import Supervisor
from emr_local.wire import EmrApplication

HEALTH_PATH = "/_emr_local/health"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the server listens, what it remembers, and how fast its clusters come and go. Port 0 takes a free one."""

    state_dir: Path
    host: str = "127.0.0.1"
    port: int = 5566
    delays: Delays = field(default_factory=Delays)


class HealthApplication:
    """Answers the health path and passes all other requests on."""

    def __init__(self, service: EmrService, state_dir: Path, others: WSGIApplication) -> None:
        self._service = service
        self._state_dir = state_dir
        self._others = others

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One HTTP request."""
        if environ.get("PATH_INFO") != HEALTH_PATH:
            return self._others(environ, start_response)
        health = {
            "status": "ready",
            "version": _find_version(),
            "state_dir": str(self._state_dir),
            "clusters": self._service.count_states(),
        }
        body = json.dumps(health).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


class LocalServer:
    """A server that accepts requests from its creation until `close`, which also closes the store and the executor."""

    def __init__(
        self,
        settings: ServerSettings,
        *,
        store: Store,
        executor: Executor,
        others: WSGIApplication,
        clock: Callable[[], float] = time.time,
    ) -> None:
        listener = _listen(check_bind_host(settings.host), settings.port)
        self._store = store
        service = EmrService(store, clock)
        application = HealthApplication(service, settings.state_dir, EmrApplication(service.handle, others))
        self.url = _format_url(listener)
        self._http = _create_http_server(listener, LoopbackGuard(application))
        self._supervisor = Supervisor(store=store, executor=executor, clock=clock, delays=settings.delays)
        self._supervisor.start()
        self._thread = threading.Thread(target=self._http.serve_forever, name="emr-http", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Have the clusters look at the clock again; for clocks that jump."""
        with self._store.changed:
            self._store.changed.notify_all()

    def close(self) -> None:
        """Take no more requests, kill running steps, and write everything to the disk."""
        self._http.shutdown()
        self._http.server_close()
        self._supervisor.stop()
        self._store.close()


def create_object_application() -> WSGIApplication:
    """moto's application for every AWS service but EMR."""
    # Otherwise moto takes `localhost` for a bucket's name in front of a domain.
    os.environ.setdefault("S3_IGNORE_SUBDOMAIN_BUCKETNAME", "true")
    application: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    return application


class _RequestHandler(MotoRequestHandler):
    """moto's request handler without a line on stderr per request."""

    def log(self, type: str, message: str, *args: Any) -> None:
        logging.getLogger(__name__).debug(message, *args)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        raise StartupError(
            f"Port {port} of {host} cannot be used: {error.strerror}.",
            "Stop what listens there (perhaps another emr_local), or choose another port with --port.",
        ) from error
    return listener


def _create_http_server(listener: socket.socket, application: WSGIApplication) -> BaseWSGIServer:
    host, port = listener.getsockname()[:2]
    server = make_server(host, port, application, threaded=True, request_handler=_RequestHandler, fd=listener.fileno())
    listener.close()  # the server has its own duplicate
    return server


def _format_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _find_version() -> str:
    try:
        return version("emr-pipelines")
    except PackageNotFoundError:
        return "0"

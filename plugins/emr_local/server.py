"""The server as a whole: puts store, supervisor, EMR service and the applications around it together, and takes them apart again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from emr_local.listening import Listener
from emr_local.loopback import LoopbackGuard
from emr_local.runners.contract import Executor
from emr_local.service import EmrService
from emr_local.states import Delays
from emr_local.store import Store
from emr_local.supervision import Supervisor
from emr_local.wire import EmrApplication

HEALTH_PATH = "/_emr_local/health"
_POLL_SECONDS = 0.05  # how soon the HTTP server notices that it is to stop


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
    """A server that accepts requests from its creation until `close`, which also closes the listener, the store and the executor."""

    def __init__(
        self,
        listener: Listener,
        *,
        store: Store,
        executor: Executor,
        others: WSGIApplication,
        delays: Delays,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url = listener.url
        self._store = store
        service = EmrService(store, clock)
        application = HealthApplication(service, store.directory, EmrApplication(service.handle, others))
        self._http = listener.create_server(LoopbackGuard(application))
        self._supervisor = Supervisor(store=store, executor=executor, clock=clock, delays=delays)
        self._supervisor.start()
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(_POLL_SECONDS,), name="emr-http", daemon=True
        )
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


def _find_version() -> str:
    try:
        return version("emr-pipelines")
    except PackageNotFoundError:
        return "0"

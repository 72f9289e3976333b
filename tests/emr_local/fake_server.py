"""A server process with moto and the fake executor, to be killed: `python -m tests.emr_local.fake_server STATE_DIR`."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from emr_local.server import LocalServer, ServerSettings, create_object_application
from emr_local.states import Delays
from emr_local.store import Store
from tests.emr_local.fakes import FakeExecutor


def main(state_dir: Path) -> None:
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    settings = ServerSettings(state_dir=state_dir, port=0, delays=Delays().scale(0.1))
    server = LocalServer(settings, store=Store(state_dir), executor=FakeExecutor(), others=create_object_application())
    print(server.url, flush=True)  # noqa: T201 - the test reads it
    stopped.wait()
    server.close()


main(Path(sys.argv[1]))

"""A server process with the fake executor, to be killed: `python -m tests.emr_local.fake_server STATE_DIR PORT`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from wsgiref.simple_server import demo_app

from emr_local.clusters.states import Delays
from emr_local.clusters.store import Store
from emr_local.serving.server import LocalServer
from emr_local.serving.stop_signal import open_stop_signal
from emr_local.wire.listening import Listener
from tests.emr_local.fakes import FakeExecutor


def main(state_dir: Path, port: int) -> None:
    stop_signal = open_stop_signal()
    listener = Listener("127.0.0.1", port)
    server = LocalServer(
        listener,
        store=Store(state_dir),
        executor=FakeExecutor(),
        others=demo_app,
        put_object=lambda bucket, key, content: False,
        delays=Delays(),
        time_scale=0.1,
    )
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    os.read(stop_signal, 1)
    server.close()


main(Path(sys.argv[1]), int(sys.argv[2]))

"""The one place where the server is put together with the parts that it only knows by protocol: moto, the object store and the local executor."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from emr_local.java_runtime import JavaNotFoundError, find_java
from emr_local.loopback import check_bind_host
from emr_local.object_store import ObjectStore
from emr_local.runners.local import LocalExecutor
from emr_local.server import LocalServer, ServerSettings, create_object_application
from emr_local.startup_errors import StartupError
from emr_local.states import Delays
from emr_local.store import Store


def create_server(*, host: str, port: int, state_dir: Path, time_scale: float, warm: bool) -> LocalServer:
    """A server that really runs steps; raises StartupError if this machine cannot."""
    settings = ServerSettings(
        host=check_bind_host(host), port=port, state_dir=state_dir, delays=Delays().scale(time_scale)
    )
    try:
        find_java()
    except JavaNotFoundError as error:
        raise StartupError("There is no Java that Spark can run on.", str(error)) from error
    with ExitStack() as failing:
        # The store comes first: it holds the lock of the directory that the others write to.
        store = Store(state_dir)
        failing.callback(store.close)
        object_store = ObjectStore(state_dir / "s3")
        object_store.load()
        executor = LocalExecutor(state_dir, object_store, warm=warm)
        failing.callback(executor.close)
        others = object_store.wrap(create_object_application())
        server = LocalServer(settings, store=store, executor=executor, others=others)
        failing.pop_all()
        return server

"""The one place where the server is put together with the parts that it only knows by protocol: moto, the object store and the local executor."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from wsgiref.types import WSGIApplication

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from emr_local.clusters.launching.bootstrapping import LocalBootstrapper
from emr_local.clusters.states import Delays
from emr_local.clusters.store import Store
from emr_local.faults.fault import Fault
from emr_local.host.explained_errors import StartupError
from emr_local.host.java_runtime import JavaNotFoundError, find_java
from emr_local.host.ownership import Ownership
from emr_local.iam.policies import Policy
from emr_local.objects.store import ObjectStore
from emr_local.runners.jvm.class_archive import ClassArchiveUse
from emr_local.runners.local import LocalExecutor
from emr_local.serving.server import LocalServer
from emr_local.stacks.configurations import list_stack_configurations
from emr_local.stacks.deletions import add_deletions
from emr_local.wire.listening import Listener

_MOTO_SETTINGS = {
    "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",  # else `localhost` in front of a dot is taken for a bucket
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # `aws emr create-default-roles` attaches some
}


def create_server(
    *,
    listener: Listener,
    state_dir: Path,
    time_scale: float,
    warm: bool,
    warm_jvms: int = 1,
    class_archive: ClassArchiveUse,
    run_bootstrap: bool = False,
    faults: Iterable[Fault] = (),
    policy: Policy | None = None,
    ownership: Ownership | None = None,
) -> LocalServer:
    """A server that really runs steps, at a bound port, which it takes over; raises StartupError if this machine cannot.

    `warm_jvms`: how many are started before a step asks. `class_archive`: whether one is used for faster JVM starts, and made if there is none.
    `run_bootstrap`: run bootstrap actions on this machine, not only check them. `policy`: what callers may do; None for everything. `ownership`: whose it is; default: this process's."""
    with _explaining_disk(state_dir), ExitStack() as failing:
        failing.callback(listener.close)
        _check_java()
        # The store comes before all else that writes: it holds the lock of the directory.
        store = Store(state_dir)
        failing.callback(store.close)
        object_store = ObjectStore(state_dir / "s3")
        object_store.load()
        executor = LocalExecutor(
            state_dir,
            object_store,
            warm=warm,
            warm_jvms=warm_jvms,
            endpoint_url=listener.url,
            class_archive=class_archive,
        )
        failing.callback(executor.close)
        server = LocalServer(
            listener,
            store=store,
            executor=executor,
            others=object_store.wrap(create_moto_application()),
            put_object=object_store.put,
            bootstrapper=LocalBootstrapper(state_dir, object_store.root, run=run_bootstrap, endpoint_url=listener.url),
            list_stack_configurations=list_stack_configurations,
            delays=Delays(),
            time_scale=time_scale,
            faults=faults,
            policy=policy,
            ownership=ownership or Ownership(),
        )
        failing.pop_all()
        return server


def _check_java() -> None:
    try:
        find_java()
    except JavaNotFoundError as error:
        raise StartupError("There is no Java that Spark can run on.", str(error)) from error


@contextmanager
def _explaining_disk(state_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartupError(
            f"{error.filename or state_dir} cannot be written: {error.strerror or error}.",
            "Make the directory writable and see that the disk has room, or choose another --state-dir.",
        ) from error


def create_moto_application() -> WSGIApplication:
    """moto's application for every AWS service but EMR."""
    for name, value in _MOTO_SETTINGS.items():
        os.environ.setdefault(name, value)
    return add_deletions(DomainDispatcherApplication(create_backend_app))

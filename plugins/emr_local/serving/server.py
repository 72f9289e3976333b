"""The server as a whole: puts store, supervisor, EMR service and the applications around it together, and takes them apart again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from wsgiref.types import WSGIApplication

from emr_local.clusters.launching.bootstrap_actions import Bootstrapper
from emr_local.clusters.launching.launches import Launches, PutObject
from emr_local.clusters.states import Delays
from emr_local.clusters.store import Store
from emr_local.clusters.supervision import Supervisor
from emr_local.control.call_log import CallLog
from emr_local.control.cluster_control import ClusterControl
from emr_local.control.endpoint import READY, ControlApplication
from emr_local.control.fault_injection import FaultInjector
from emr_local.faults.fault import Fault
from emr_local.faults.fault_registry import FaultRegistry
from emr_local.host.ownership import Ownership, remove_record, write_record
from emr_local.iam.authorization import AuthorizationGate, Authorizer
from emr_local.iam.authorization_log import AuthorizationLog
from emr_local.iam.policies import Policy
from emr_local.operations.calls import ListConfigurations, list_none
from emr_local.operations.service import EmrService
from emr_local.runners.contract import Executor
from emr_local.wire.addressee import AddresseeGuard
from emr_local.wire.json_protocol import EmrApplication
from emr_local.wire.listening import Listener
from emr_local.wire.loopback import LoopbackGuard

_STANDS_STILL = "the part that runs clusters and steps has ended, so no cluster and no step goes on; the log says why"
_POLL_SECONDS = 0.05  # how soon the HTTP server notices that it is to stop


class LocalServer:
    """A server that accepts requests from its creation until `close`, which also closes the listener, the store and the executor.

    Without a bootstrapper bootstrap actions are kept and listed only; without a policy everything is allowed.
    """

    def __init__(
        self,
        listener: Listener,
        *,
        store: Store,
        executor: Executor,
        others: WSGIApplication,
        put_object: PutObject,
        bootstrapper: Bootstrapper | None = None,
        list_stack_configurations: ListConfigurations = list_none,
        delays: Delays,
        time_scale: float = 1.0,
        faults: Iterable[Fault] = (),
        policy: Policy | None = None,
        ownership: Ownership | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url = listener.url
        self._store = store
        self._ownership = ownership or Ownership()
        self._service = EmrService(store, clock, list_stack_configurations)
        registry, calls = FaultRegistry(faults), CallLog()
        launches = Launches(store=store, registry=registry, put_object=put_object, bootstrapper=bootstrapper)
        self._supervisor = Supervisor(
            store=store, executor=executor, clock=clock, delays=delays.scale(time_scale), launches=launches
        )
        emr = EmrApplication(launches.wrap(self._service.handle), others)
        authorizations = AuthorizationLog()
        judged = emr if policy is None else self._guard(emr, Authorizer(policy, authorizations))
        self._injector = FaultInjector(judged, registry=registry, calls=calls, clock=clock)
        clusters = ClusterControl(
            store=store, supervisor=self._supervisor, clock=clock, delays=delays, time_scale=time_scale
        )
        control = ControlApplication(
            self._injector,
            registry=registry,
            calls=calls,
            authorizations=authorizations,
            clusters=clusters,
            describe_health=self._describe_health,
        )
        self._http = listener.create_server(LoopbackGuard(AddresseeGuard(control, store.directory)))
        self._supervisor.start()
        write_record(self._ownership, self.url, store.directory)
        self._serve()

    def wake(self) -> None:
        """Have the clusters look at the clock again; for clocks that jump."""
        with self._store.changed:
            self._store.changed.notify_all()

    def close(self) -> None:
        """Take no more requests, kill running steps, and write everything to the disk."""
        self._injector.stop()
        self._http.shutdown()
        self._http.server_close()
        self._supervisor.stop()
        remove_record(self._store.directory)  # while this server still holds the directory
        self._store.close()

    def _guard(self, application: WSGIApplication, authorizer: Authorizer) -> WSGIApplication:
        return AuthorizationGate(application, authorizer=authorizer, tags_of=self._find_tags)

    def _find_tags(self, cluster_id: str) -> Mapping[str, str]:
        with self._store.changed:
            flow = self._store.find_flow(cluster_id)
            return flow.cluster.tags if flow else {}

    def _serve(self) -> None:
        serve = self._http.serve_forever
        threading.Thread(target=serve, args=(_POLL_SECONDS,), name="emr-http", daemon=True).start()

    def _describe_health(self) -> Mapping[str, object]:
        return {
            **self._describe_status(),
            "version": _find_version(),
            "state_dir": str(self._store.directory),
            "clusters": self._service.count_states(),
            **self._ownership.as_json(),
        }

    def _describe_status(self) -> Mapping[str, str]:
        return {"status": READY} if self._supervisor.alive else {"status": "failed", "problem": _STANDS_STILL}


def _find_version() -> str:
    try:
        return version("emr-pipelines")
    except PackageNotFoundError:
        return "0"

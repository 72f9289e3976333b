"""How clusters come up: the faults and the bootstrap actions that decide whether a launch succeeds. Moves no cluster on itself."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable

from emr_local.clusters.launching.bootstrap_actions import ActionLogs, BootstrapOutcome, Bootstrapper
from emr_local.clusters.launching.launch_failures import (
    BOOTSTRAP_PENDING,
    LaunchStop,
    break_bootstrap,
    create_launch_stop,
    fail_bootstrap,
    inject_bootstrap_failure,
)
from emr_local.clusters.store import Store
from emr_local.faults.fault import Effect
from emr_local.faults.fault_registry import FaultRegistry
from emr_local.resources.records import ClusterRecord, Json
from emr_local.wire.json_protocol import Handler

PutObject = Callable[[str, str, bytes], bool]  # bucket, key, bytes; False if there is no such bucket

log = logging.getLogger(__name__)


class Launches:
    """What goes wrong with clusters that come up, by id. In memory only: a restart forgets faults and takes bootstrap actions again."""

    def __init__(
        self, *, store: Store, registry: FaultRegistry, put_object: PutObject, bootstrapper: Bootstrapper | None
    ) -> None:
        self._store = store
        self._registry = registry
        self._put_object = put_object
        self._bootstrapper = bootstrapper
        self._stops: dict[str, LaunchStop] = {}
        self._injected: dict[str, BootstrapOutcome] = {}
        self._bootstrapped: set[str] = set()

    def wrap(self, handle: Handler) -> Handler:
        """The handler, with every cluster that it launches counted for the faults."""

        def handle_launch(operation: str, parameters: Json, region: str) -> Json:
            if operation != "RunJobFlow":
                return handle(operation, parameters, region)
            with self._store.changed:  # where a new cluster stops is known before anybody sees it
                reply = handle(operation, parameters, region)
                self._choose_launch_stop(reply["JobFlowId"])
                return reply

        return handle_launch

    def find(self, cluster: ClusterRecord) -> LaunchStop | None:
        """What goes wrong when this cluster comes up, or holds it up: what is not known before `bootstrap` was called."""
        return self._stops.get(cluster.cluster_id) or (BOOTSTRAP_PENDING if self.needs_bootstrap(cluster) else None)

    def needs_bootstrap(self, cluster: ClusterRecord) -> bool:
        """Whether the cluster cannot be ready before `bootstrap` was called."""
        if cluster.cluster_id in self._bootstrapped:
            return False
        has_actions = self._bootstrapper is not None and bool(cluster.request.get("BootstrapActions"))
        return has_actions or cluster.cluster_id in self._injected

    def bootstrap(self, cluster: ClusterRecord) -> None:
        """Take the cluster's bootstrap actions, or the failure that was injected, and write their logs; blocks."""
        try:
            outcome = self._find_outcome(cluster)
            self._leave_logs(cluster, outcome)
            stop = outcome.failure and fail_bootstrap(outcome.failure, cluster)
        except Exception as error:
            log.exception("the bootstrap actions of cluster %s cannot be taken", cluster.cluster_id)
            stop = break_bootstrap(error)
        with self._store.changed:
            self._bootstrapped.add(cluster.cluster_id)
            if stop:
                self._stops[cluster.cluster_id] = stop
            self._store.changed.notify_all()

    def end(self, cluster_id: str) -> None:
        """End what the bootstrap actions of a cluster started."""
        if self._bootstrapper:
            self._bootstrapper.stop(cluster_id)

    def close(self) -> None:
        """End what all bootstrap actions started."""
        if self._bootstrapper:
            self._bootstrapper.close()

    def _find_outcome(self, cluster: ClusterRecord) -> BootstrapOutcome:
        injected = self._injected.get(cluster.cluster_id)
        if injected or self._bootstrapper is None:
            return injected or BootstrapOutcome()
        return self._bootstrapper.bootstrap(cluster)

    def _leave_logs(self, cluster: ClusterRecord, outcome: BootstrapOutcome) -> None:
        log_uri = cluster.request.get("LogUri")
        if log_uri is None or not outcome.logs:
            return
        bucket, _, prefix = log_uri.rstrip("/").partition("://")[2].partition("/")
        node = cluster.find_nodes("MASTER")[0].ec2_id
        folder = "/".join(part for part in (prefix, cluster.cluster_id, "node", node, "bootstrap-actions") if part)
        written = [self._write_logs(bucket, f"{folder}/{each.number}", each) for each in outcome.logs]
        if not all(written):
            log.warning("the bootstrap logs of %s are not written: there is no bucket %s", cluster.cluster_id, bucket)

    def _write_logs(self, bucket: str, folder: str, logs: ActionLogs) -> bool:
        texts = {"controller": logs.controller.encode(), "stdout": logs.stdout, "stderr": logs.stderr}
        return all(self._put_object(bucket, f"{folder}/{name}.gz", gzip.compress(text)) for name, text in texts.items())

    def _choose_launch_stop(self, cluster_id: str) -> None:
        hit = self._registry.take_launch()
        if hit is None:
            return
        if hit.fault.effect is Effect.BOOTSTRAP_FAILURE:
            self._injected[cluster_id] = inject_bootstrap_failure(hit.fault)
        else:
            self._stops[cluster_id] = create_launch_stop(hit.fault)

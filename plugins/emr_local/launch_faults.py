"""Gives launches their mishaps: wraps the EMR service's handler and remembers which new cluster a fault hit. Moves no cluster on itself."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable

from emr_local.fault_book import FaultBook
from emr_local.mishaps import Mishap, create_mishap
from emr_local.records import ClusterRecord, Json, ReasonCode
from emr_local.store import Store
from emr_local.wire import Handler

PutObject = Callable[[str, str, bytes], bool]  # bucket, key, bytes; False if there is no such bucket

log = logging.getLogger(__name__)


class LaunchFaults:
    """The mishaps of clusters, by id. In memory only."""

    def __init__(self, *, store: Store, book: FaultBook, put_object: PutObject) -> None:
        self._store = store
        self._book = book
        self._put_object = put_object
        self._mishaps: dict[str, Mishap] = {}

    def wrap(self, handle: Handler) -> Handler:
        """The handler, with every cluster that it launches counted for the faults."""

        def handle_launch(operation: str, parameters: Json, region: str) -> Json:
            if operation != "RunJobFlow":
                return handle(operation, parameters, region)
            with self._store.changed:  # a new cluster has its mishap before anybody sees it
                reply = handle(operation, parameters, region)
                self._choose_mishap(reply["JobFlowId"])
                return reply

        return handle_launch

    def find(self, cluster_id: str) -> Mishap | None:
        """What is to go wrong when this cluster comes up."""
        return self._mishaps.get(cluster_id)

    def leave_logs(self, cluster: ClusterRecord) -> None:
        """Write what a failed bootstrap action leaves under the LogUri, if that is what the cluster ends of."""
        mishap, log_uri = self.find(cluster.cluster_id), cluster.request.get("LogUri")
        if cluster.reason_code is not ReasonCode.BOOTSTRAP_FAILURE or mishap is None or log_uri is None:
            return
        bucket, _, prefix = log_uri.rstrip("/").partition("://")[2].partition("/")
        node = cluster.find_nodes("MASTER")[0].ec2_id
        folder = "/".join(part for part in (prefix, cluster.cluster_id, "node", node, "bootstrap-actions/1") if part)
        texts = {
            "controller": "INFO startExec\nINFO waitProcessCompletion ended with exit code 1",
            "stderr": mishap.stderr or "",
            "stdout": "",
        }
        for name, text in texts.items():
            if not self._put_object(
                bucket, f"{folder}/{name}.gz", gzip.compress(f"{text}\n".encode() if text else b"")
            ):
                log.warning(
                    "the bootstrap logs of %s are not written: there is no bucket %s", cluster.cluster_id, bucket
                )
                return

    def _choose_mishap(self, cluster_id: str) -> None:
        hit, flow = self._book.take_launch(), self._store.find_flow(cluster_id)
        if hit and flow:
            self._mishaps[cluster_id] = create_mishap(hit.fault, flow.cluster)

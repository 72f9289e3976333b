"""Changes of clusters that nobody would ask for a second time: saved again and again while the disk is full. Decides no state itself (see states)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from emr_local.clusters.states import Ending, terminate
from emr_local.clusters.store import Store
from emr_local.resources.records import ClusterState, JobFlow, ReasonCode, StepState

RETRY_SECONDS = 1.0
JOURNAL_FAILS = "The journal cannot be written"

log = logging.getLogger(__name__)


class ClusterChanges:
    """Saves what the server itself does to the clusters of a store, until it is `stopping`."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self.stopping = False

    def stop(self) -> None:
        """Wait for no disk any more."""
        with self._store.changed:
            self.stopping = True
            self._store.changed.notify_all()

    def save(self, cluster_id: str, change: Callable[[JobFlow, float], JobFlow]) -> None:
        """Save a cluster as the change makes it of what it is now and of the time."""
        with self._store.changed:
            while flow := self._store.find_flow(cluster_id):
                try:
                    self._store.save_flow(change(flow, self._clock()))
                    return
                except OSError:
                    log.exception("%s; what became of cluster %s is tried again", JOURNAL_FAILS, cluster_id)
                    self._store.changed.wait(RETRY_SECONDS)
                    if self.stopping:
                        return

    def end(self, cluster_id: str, message: str, running_steps: StepState = StepState.INTERRUPTED) -> None:
        """End a cluster with which this server cannot go on."""
        ending = Ending(
            code=ReasonCode.INTERNAL_ERROR,
            message=message,
            final_state=ClusterState.TERMINATED_WITH_ERRORS,
            running_steps=running_steps,
        )
        self.save(cluster_id, lambda flow, now: terminate(flow, ending, now))

    def end_broken(self, cluster_id: str, error: Exception) -> None:
        """End a cluster at which the server failed in a way that nobody foresaw; the log has the traceback."""
        log.error("the server failed at cluster %s", cluster_id, exc_info=error)
        try:
            self.end(cluster_id, f"The local EMR server failed: {error!r}. Its log has the traceback.")
        except Exception:
            log.exception("cluster %s cannot be ended", cluster_id)

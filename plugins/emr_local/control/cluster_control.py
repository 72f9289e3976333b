"""What a test or a user does to living clusters from outside the EMR API: losses, interruptions, another pace. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable

from emr_local.clusters.instance_losses import Loss, interrupt_steps, lose
from emr_local.clusters.states import Delays, find_step, is_going
from emr_local.clusters.store import Store
from emr_local.clusters.supervision import Supervisor
from emr_local.resources.records import JobFlow, StepState


class UnknownTargetError(Exception):
    """There is no such cluster or step; the message names it."""


class UnfitTargetError(Exception):
    """The cluster or step is in no state for this; the message says in which one it is."""


class ClusterControl:
    """Acts on the clusters of a store."""

    def __init__(
        self, *, store: Store, supervisor: Supervisor, clock: Callable[[], float], delays: Delays, time_scale: float
    ) -> None:
        self._store = store
        self._supervisor = supervisor
        self._clock = clock
        self._delays = delays
        self.time_scale = time_scale

    def change_time_scale(self, scale: float) -> None:
        """Put another factor on the usual delays, from now on."""
        self.time_scale = scale
        self._supervisor.change_delays(self._delays.scale(scale))

    def lose(self, cluster_id: str, loss: Loss) -> None:
        """Have something lost of a live cluster."""
        with self._store.changed:
            flow = lose(self._require_live(cluster_id), loss, self._clock())
            if flow is None:
                raise UnfitTargetError(f"Cluster {cluster_id} has no live instance that {loss} could take.")
            self._store.save_flow(flow)

    def interrupt(self, cluster_id: str, step_id: str) -> None:
        """Interrupt a running step; its processes are killed and its cluster stays."""
        with self._store.changed:
            flow = self._require_live(cluster_id)
            step = find_step(flow, step_id)
            if step is None:
                raise UnknownTargetError(f"Cluster {cluster_id} has no step {step_id}.")
            if step.state is not StepState.RUNNING:
                raise UnfitTargetError(f"Step {step_id} is {step.state}; only a RUNNING one can be interrupted.")
            self._store.save_flow(interrupt_steps(flow, [step_id], self._clock()))

    def _require_live(self, cluster_id: str) -> JobFlow:
        flow = self._store.find_flow(cluster_id)
        if flow is None:
            raise UnknownTargetError(f"There is no cluster {cluster_id}.")
        if is_going(flow):
            raise UnfitTargetError(f"Cluster {cluster_id} is {flow.cluster.state}; only a live one can lose anything.")
        return flow

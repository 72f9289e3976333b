"""Makes things happen: moves clusters on with time, and has their steps' processes started and stopped.

One thread decides, from the store alone, what is to be done. It outlives whatever goes wrong with one cluster, which then ends with the reason. Decides no state itself (see states).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from emr_local.clusters.cluster_changes import JOURNAL_FAILS, RETRY_SECONDS, ClusterChanges
from emr_local.clusters.launching.launch_failures import advance_launch, find_launch_time
from emr_local.clusters.launching.launches import Launches
from emr_local.clusters.states import Delays, choose_startable, is_going, recover, start_step
from emr_local.clusters.step_processes import Action, StepProcesses
from emr_local.clusters.store import Store
from emr_local.resources.records import ClusterRecord, ClusterState, JobFlow, StepState
from emr_local.runners.contract import ClusterRequest, Executor

_TO_BE_STOPPED = frozenset({StepState.CANCEL_PENDING, StepState.INTERRUPTED})
_EXIT_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Progress:
    """What was already done for the clusters, by id."""

    opened: set[str] = field(default_factory=set)
    bootstrapping: set[str] = field(default_factory=set)
    closing: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)


class Supervisor:
    """Runs the clusters of a store on an executor, from `start` to `stop`."""

    def __init__(
        self,
        *,
        store: Store,
        executor: Executor,
        clock: Callable[[], float],
        delays: Delays,
        launches: Launches,
    ) -> None:
        self._store = store
        self._executor = executor
        self._clock = clock
        self._delays = delays
        self._launches = launches
        self._changes = ClusterChanges(store, clock)
        self._processes = StepProcesses(store, executor, self._changes)
        self._progress = _Progress()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="emr-supervisor", daemon=True)

    def start(self) -> None:
        """Take up the clusters that the store knows from before, and go on."""
        with self._store.changed:
            for flow in self._store.list_live_flows():
                self._store.save_flow(recover(flow, self._clock()))
        self._thread.start()

    def stop(self) -> None:
        """Kill what runs. The steps stay as they are in the store, so that the next start finds and fails them."""
        self._changes.stop()
        self._launches.close()
        self._executor.close()
        with self._store.changed:
            self._store.changed.wait_for(lambda: not self._processes.remain(), _EXIT_SECONDS)
        self._thread.join(_EXIT_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether clusters and steps go on at all."""
        return self._thread.is_alive()

    def change_delays(self, delays: Delays) -> None:
        """Have clusters take other times from now on; those that are on their way too."""
        with self._store.changed:
            self._delays = delays
            self._store.changed.notify_all()

    def _run(self) -> None:
        while not self._changes.stopping:
            try:
                self._go_on()
            except Exception:
                log.exception("the server cannot tell what is to be done next; it tries again")
                self._pause()

    def _go_on(self) -> None:
        """Do what is to be done now, or wait until there is something."""
        with self._store.changed:
            if self._changes.stopping:
                return
            actions = self._plan()
            if not actions:
                self._store.changed.wait(self._seconds_to_next())
        for cluster_id, act in actions:
            try:
                act()
            except Exception as error:
                self._changes.end_broken(cluster_id, error)
                self._pause()  # one that cannot even be ended comes up again at once

    def _pause(self) -> None:
        with self._store.changed:
            if not self._changes.stopping:
                self._store.changed.wait(RETRY_SECONDS)

    def _plan(self) -> list[tuple[str, Action]]:
        """Move on what time moves, and say what is to be done outside the lock, and for which cluster."""
        actions: list[tuple[str, Action]] = []
        self._failing = False
        for flow in self._store.list_live_flows():
            cluster_id = flow.cluster.cluster_id
            try:
                flow = self._pass_time(flow)
                planned = [*self._plan_cluster(flow.cluster), *self._plan_steps(flow)]
            except OSError:
                log.exception("%s; cluster %s stands still until it can", JOURNAL_FAILS, cluster_id)
                self._failing = True
            except Exception as error:
                actions.append((cluster_id, partial(_fail, error)))
            else:
                actions += [(cluster_id, action) for action in planned]
        return actions

    def _seconds_to_next(self) -> float | None:
        due = [time for flow in self._store.list_live_flows() if (time := self._find_due_time(flow)) is not None]
        if self._failing:
            return RETRY_SECONDS
        return max(min(due) - self._clock(), 0.0) if due else None

    def _pass_time(self, flow: JobFlow) -> JobFlow:
        now = self._clock()
        while (due := self._find_due_time(flow)) is not None and due <= now:
            flow = advance_launch(flow, now, self._launches.find(flow.cluster))
            self._store.save_flow(flow)
        return flow

    def _find_due_time(self, flow: JobFlow) -> float | None:
        cluster = flow.cluster
        if cluster.state is ClusterState.TERMINATING and cluster.cluster_id not in self._progress.closed:
            return None  # a cluster is gone only when its processes are
        return find_launch_time(flow, self._delays, self._launches.find(cluster))

    def _plan_cluster(self, cluster: ClusterRecord) -> list[Action]:
        progress, cluster_id = self._progress, cluster.cluster_id
        if cluster.state is ClusterState.TERMINATING:
            close = partial(_begin, progress.closing, cluster_id, "close", partial(self._close_cluster, cluster_id))
            return [] if cluster_id in progress.closing else [close]
        actions: list[Action] = []
        if cluster_id not in progress.opened:
            actions.append(partial(self._open_cluster, cluster))
        if self._is_to_bootstrap(cluster):
            bootstrap = partial(self._launches.bootstrap, cluster)
            actions.append(partial(_begin, progress.bootstrapping, cluster_id, "bootstrap", bootstrap))
        return actions

    def _is_to_bootstrap(self, cluster: ClusterRecord) -> bool:
        if cluster.state is not ClusterState.BOOTSTRAPPING or cluster.cluster_id in self._progress.bootstrapping:
            return False
        return self._launches.needs_bootstrap(cluster)

    def _plan_steps(self, flow: JobFlow) -> list[Action]:
        startable = choose_startable(flow)
        for step in startable:
            flow = start_step(flow, step.step_id, self._clock())
        self._store.save_flow(flow)
        actions = [self._processes.add(step) for step in startable]
        for step in flow.steps:
            # A cluster that is going has its processes ended as a whole.
            if step.state in _TO_BE_STOPPED and not is_going(flow) and (signal := self._processes.plan_signal(step)):
                actions.append(signal)
        return actions

    def _open_cluster(self, cluster: ClusterRecord) -> None:
        self._progress.opened.add(cluster.cluster_id)
        log_uri = cluster.request.get("LogUri")
        request = ClusterRequest(
            cluster_id=cluster.cluster_id,
            log_uri=None if log_uri is None else log_uri.rstrip("/"),
            configurations=tuple(cluster.request.get("Configurations", ())),
            step_concurrency=cluster.step_concurrency,
        )
        try:
            self._executor.open_cluster(request)
        except Exception as error:
            log.exception("cluster %s cannot be opened", cluster.cluster_id)
            message = f"The local cluster cannot be set up: {error}"
            self._changes.end(cluster.cluster_id, message, running_steps=StepState.CANCELLED)

    def _close_cluster(self, cluster_id: str) -> None:
        try:
            self._launches.end(cluster_id)
            self._executor.close_cluster(cluster_id)
        except Exception:
            log.exception("cluster %s cannot be closed cleanly", cluster_id)
        with self._store.changed:
            while not self._changes.stopping and self._processes.remain(cluster_id):
                self._store.changed.wait()
            self._progress.closed.add(cluster_id)
            self._store.changed.notify_all()


def _begin(begun: set[str], cluster_id: str, what: str, target: Action) -> None:
    """Do something for a cluster in a thread of its own, and remember that it was begun."""
    threading.Thread(target=target, name=f"{what}-{cluster_id}", daemon=True).start()
    begun.add(cluster_id)


def _fail(error: Exception) -> None:
    raise error

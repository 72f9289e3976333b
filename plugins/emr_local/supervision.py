"""Makes things happen: moves clusters on with time, starts and stops their steps' processes, and takes in how they ended.

One thread decides, from the store alone, what is to be done; a thread per step waits for its process. Decides no state itself (see states).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from emr_local.launches import Launches
from emr_local.mishaps import advance_launch, find_launch_time
from emr_local.records import ClusterRecord, ClusterState, JobFlow, ReasonCode, StepRecord, StepState
from emr_local.runners.contract import ClusterRequest, Executor, RunningStep, StepOutcome, StepRequest
from emr_local.states import (
    Delays,
    Ending,
    choose_startable,
    end_step,
    find_step,
    is_going,
    recover,
    start_step,
    terminate,
)
from emr_local.store import Store

_TO_BE_STOPPED = frozenset({StepState.CANCEL_PENDING, StepState.INTERRUPTED})
_EXIT_SECONDS = 10.0
_RETRY_SECONDS = 1.0
_JOURNAL_FAILS = "The journal cannot be written"

log = logging.getLogger(__name__)
Action = Callable[[], None]


@dataclass(slots=True, kw_only=True)
class _Process:
    """A step that was handed to the executor; `running` is set once it started, the others once it was told to stop."""

    step: StepRecord
    running: RunningStep | None = None
    interrupted: bool = False
    killed: bool = False


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
        self._processes: dict[str, _Process] = {}
        self._progress = _Progress()
        self._stopping = False
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
        with self._store.changed:
            self._stopping = True
            self._store.changed.notify_all()
        self._launches.close()
        self._executor.close()
        with self._store.changed:
            self._store.changed.wait_for(lambda: not self._processes, _EXIT_SECONDS)
        self._thread.join(_EXIT_SECONDS)

    def change_delays(self, delays: Delays) -> None:
        """Have clusters take other times from now on; those that are on their way too."""
        with self._store.changed:
            self._delays = delays
            self._store.changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._store.changed:
                if self._stopping:
                    return
                actions = self._plan()
                if not actions:
                    self._store.changed.wait(self._seconds_to_next())
            for action in actions:
                action()

    def _plan(self) -> list[Action]:
        """Move on what time moves, and say what is to be done outside the lock."""
        actions: list[Action] = []
        self._failing = False
        for flow in self._store.list_live_flows():
            try:
                flow = self._pass_time(flow)
                actions += self._plan_cluster(flow.cluster)
                actions += self._plan_steps(flow)
            except OSError:
                log.exception("%s; cluster %s stands still until it can", _JOURNAL_FAILS, flow.cluster.cluster_id)
                self._failing = True
        return actions

    def _seconds_to_next(self) -> float | None:
        due = [time for flow in self._store.list_live_flows() if (time := self._find_due_time(flow)) is not None]
        if self._failing:
            return _RETRY_SECONDS
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
            if cluster_id in progress.closing:
                return []
            progress.closing.add(cluster_id)
            return [_in_thread(f"close-{cluster_id}", partial(self._close_cluster, cluster))]
        actions: list[Action] = []
        if cluster_id not in progress.opened:
            progress.opened.add(cluster_id)
            actions.append(partial(self._open_cluster, cluster))
        if self._is_to_bootstrap(cluster):
            progress.bootstrapping.add(cluster_id)
            actions.append(_in_thread(f"bootstrap-{cluster_id}", partial(self._launches.bootstrap, cluster)))
        return actions

    def _is_to_bootstrap(self, cluster: ClusterRecord) -> bool:
        if cluster.state is not ClusterState.BOOTSTRAPPING or cluster.cluster_id in self._progress.bootstrapping:
            return False
        return self._launches.needs_bootstrap(cluster)

    def _plan_steps(self, flow: JobFlow) -> list[Action]:
        actions: list[Action] = []
        startable = choose_startable(flow)
        for step in startable:
            flow = start_step(flow, step.step_id, self._clock())
        self._store.save_flow(flow)
        for step in startable:
            process = self._processes[step.step_id] = _Process(step=step)
            actions.append(_in_thread(step.step_id, partial(self._run_step, process)))
        for step in flow.steps:
            # A cluster that is going has its processes ended as a whole.
            if step.state in _TO_BE_STOPPED and not is_going(flow):
                actions += self._plan_signal(step)
        return actions

    def _plan_signal(self, step: StepRecord) -> list[Action]:
        process = self._processes.get(step.step_id)
        if process is None or process.running is None or process.killed:
            return []
        if step.cancel_by_kill or step.state is StepState.INTERRUPTED:
            process.killed = True
            return [process.running.kill]
        if process.interrupted:
            return []
        process.interrupted = True
        return [process.running.interrupt]

    def _open_cluster(self, cluster: ClusterRecord) -> None:
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
            ending = Ending(
                code=ReasonCode.INTERNAL_ERROR,
                message=f"The local cluster cannot be set up: {error}",
                final_state=ClusterState.TERMINATED_WITH_ERRORS,
                running_steps=StepState.CANCELLED,
            )
            self._change(cluster.cluster_id, lambda flow: terminate(flow, ending, self._clock()))

    def _close_cluster(self, cluster: ClusterRecord) -> None:
        cluster_id = cluster.cluster_id
        try:
            self._launches.end(cluster_id)
            self._executor.close_cluster(cluster_id)
        except Exception:
            log.exception("cluster %s cannot be closed cleanly", cluster_id)
        with self._store.changed:
            while not self._stopping and any(
                process.step.cluster_id == cluster_id for process in self._processes.values()
            ):
                self._store.changed.wait()
            self._progress.closed.add(cluster_id)
            self._store.changed.notify_all()

    def _run_step(self, process: _Process) -> None:
        step = process.step
        outcome = self._wait_for_outcome(process)
        with self._store.changed:
            # What the shutdown itself killed is found and failed by the next start.
            if not self._stopping or outcome.exit_code == 0:
                self._change(step.cluster_id, lambda flow: end_step(flow, step.step_id, outcome, self._clock()))
            del self._processes[step.step_id]
            self._store.changed.notify_all()

    def _wait_for_outcome(self, process: _Process) -> StepOutcome:
        step = process.step
        request = StepRequest(
            cluster_id=step.cluster_id,
            step_id=step.step_id,
            name=step.name,
            jar=step.jar,
            args=step.args,
            main_class=step.main_class,
            properties=step.properties,
        )
        try:
            running = self._executor.start_step(request)
            self._register(process, running)
            return running.wait()
        except Exception as error:
            log.exception("step %s cannot be run", step.step_id)
            return StepOutcome(exit_code=1, message=f"The local EMR server failed to run the step: {error}")

    def _register(self, process: _Process, running: RunningStep) -> None:
        """Let the step be stopped from now on; at once if its cluster went while it started."""
        with self._store.changed:
            process.running = running
            flow = self._store.find_flow(process.step.cluster_id)
            current = None if flow is None else find_step(flow, process.step.step_id)
            wanted = current is not None and current.ended_at is None and not self._stopping
            self._store.changed.notify_all()
        if not wanted:
            running.kill()

    def _change(self, cluster_id: str, change: Callable[[JobFlow], JobFlow]) -> None:
        """Save a change that nobody would ask for a second time: again and again while the disk is full."""
        with self._store.changed:
            while flow := self._store.find_flow(cluster_id):
                try:
                    self._store.save_flow(change(flow))
                    return
                except OSError:
                    log.exception("%s; what became of cluster %s is tried again", _JOURNAL_FAILS, cluster_id)
                    self._store.changed.wait(_RETRY_SECONDS)
                    if self._stopping:
                        return


def _in_thread(name: str, target: Action) -> Action:
    return threading.Thread(target=target, name=name, daemon=True).start

"""The steps that were handed to the executor: a thread per step starts it, waits for it and takes in how it ended. Chooses no step itself (see supervision)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from emr_local.clusters.cluster_changes import ClusterChanges
from emr_local.clusters.states import end_step, find_step
from emr_local.clusters.store import Store
from emr_local.resources.records import StepRecord, StepState
from emr_local.runners.contract import Executor, RunningStep, StepOutcome, StepRequest

log = logging.getLogger(__name__)
Action = Callable[[], None]


@dataclass(slots=True, kw_only=True)
class _Process:
    """A step that was handed to the executor; `running` is set once it started, the others once it was told to stop."""

    step: StepRecord
    running: RunningStep | None = None
    interrupted: bool = False
    killed: bool = False


class StepProcesses:
    """The processes of all clusters of a store. Hold the store's lock for `add`, `plan_signal` and `remain`; perform what the first two give without it."""

    def __init__(self, store: Store, executor: Executor, changes: ClusterChanges) -> None:
        self._store = store
        self._executor = executor
        self._changes = changes
        self._processes: dict[str, _Process] = {}

    def add(self, step: StepRecord) -> Action:
        """Take in a step that the store knows as running; the action starts it."""
        process = self._processes[step.step_id] = _Process(step=step)
        return partial(self._start, process)

    def remain(self, cluster_id: str | None = None) -> bool:
        """Whether there are processes, of one cluster or of any."""
        return any(cluster_id in (None, process.step.cluster_id) for process in self._processes.values())

    def plan_signal(self, step: StepRecord) -> Action | None:
        """What is to be sent to a step that is to stop, if that was not done."""
        process = self._processes.get(step.step_id)
        if process is None or process.running is None or process.killed:
            return None
        if step.cancel_by_kill or step.state is StepState.INTERRUPTED:
            process.killed = True
            return process.running.kill
        if process.interrupted:
            return None
        process.interrupted = True
        return process.running.interrupt

    def _start(self, process: _Process) -> None:
        try:
            threading.Thread(target=self._run, args=(process,), name=process.step.step_id, daemon=True).start()
        except RuntimeError as error:  # the machine has no thread left
            self._end(process, _fail(process.step, error))

    def _run(self, process: _Process) -> None:
        self._end(process, self._wait_for_outcome(process))

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
            return _fail(step, error)

    def _register(self, process: _Process, running: RunningStep) -> None:
        """Let the step be stopped from now on; at once if its cluster went while it started."""
        with self._store.changed:
            process.running = running
            flow = self._store.find_flow(process.step.cluster_id)
            current = None if flow is None else find_step(flow, process.step.step_id)
            wanted = current is not None and current.ended_at is None and not self._changes.stopping
            self._store.changed.notify_all()
        if not wanted:
            running.kill()

    def _end(self, process: _Process, outcome: StepOutcome) -> None:
        step = process.step
        with self._store.changed:
            try:
                # What the shutdown itself killed is found and failed by the next start.
                if not self._changes.stopping or outcome.exit_code == 0:
                    self._changes.save(step.cluster_id, lambda flow, now: end_step(flow, step.step_id, outcome, now))
            except Exception as error:
                self._changes.end_broken(step.cluster_id, error)
            finally:
                del self._processes[step.step_id]
                self._store.changed.notify_all()


def _fail(step: StepRecord, error: Exception) -> StepOutcome:
    log.error("step %s cannot be run", step.step_id, exc_info=error)
    return StepOutcome(exit_code=1, message=f"The local EMR server failed to run the step: {error}")

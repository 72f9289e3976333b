"""The state machines of clusters and steps: every function takes a job flow and the time and returns the next one. Pure: no clock, no I/O, no lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from emr_local.resources.records import (
    ACTIVE_STEP_STATES,
    ENDED_CLUSTER_STATES,
    OCCUPYING_STEP_STATES,
    ClusterState,
    JobFlow,
    ReasonCode,
    StepRecord,
    StepState,
)
from emr_local.runners.contract import StepOutcome

SERVER_STOPPED = "The local EMR server was stopped while the step ran."
_READY_STATES = frozenset({ClusterState.RUNNING, ClusterState.WAITING})
_GOING_STATES = ENDED_CLUSTER_STATES | {ClusterState.TERMINATING}
_LAST_STEP_WORDS = {StepState.FAILED: "failed", StepState.CANCELLED: "cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How many seconds a cluster takes to come and to go; minutes on AWS."""

    starting: float = 0.2
    bootstrapping: float = 0.1
    terminating: float = 0.1

    def scale(self, factor: float) -> Delays:
        """The delays times a factor."""
        return Delays(
            starting=self.starting * factor,
            bootstrapping=self.bootstrapping * factor,
            terminating=self.terminating * factor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why a cluster goes, where it ends, and what becomes of the steps that run."""

    code: ReasonCode
    message: str
    final_state: ClusterState
    running_steps: StepState = StepState.INTERRUPTED


USER_REQUEST = Ending(
    code=ReasonCode.USER_REQUEST, message="Terminated by user request", final_state=ClusterState.TERMINATED
)
# AWS does not document the reason of an idle shutdown; the state and a text that says it are what a user needs.
IDLE = Ending(
    code=ReasonCode.USER_REQUEST,
    message="Terminated by the auto-termination policy: the cluster was idle",
    final_state=ClusterState.TERMINATED,
)
STEP_FAILED = Ending(
    code=ReasonCode.STEP_FAILURE, message="Shut down as step failed", final_state=ClusterState.TERMINATED_WITH_ERRORS
)
ALL_COMPLETED = Ending(
    code=ReasonCode.ALL_STEPS_COMPLETED, message="Steps completed", final_state=ClusterState.TERMINATED
)
COMPLETED_WITH_ERRORS = Ending(
    code=ReasonCode.STEP_FAILURE, message="Steps completed with errors", final_state=ClusterState.TERMINATED
)


def is_going(flow: JobFlow) -> bool:
    """Whether the cluster is terminating or has ended: nothing about it may be changed."""
    return flow.cluster.state in _GOING_STATES


def find_due_time(flow: JobFlow, delays: Delays) -> float | None:
    """When time alone moves the cluster on, if it does."""
    cluster = flow.cluster
    waits = {
        ClusterState.STARTING: delays.starting,
        ClusterState.BOOTSTRAPPING: delays.bootstrapping,
        ClusterState.TERMINATING: delays.terminating,
        ClusterState.WAITING: cluster.idle_timeout,
    }
    wait = waits.get(cluster.state)
    return None if wait is None else cluster.state_since + wait


def advance(flow: JobFlow, now: float) -> JobFlow:
    """The cluster after the time of its state is over (see `find_due_time`)."""
    match flow.cluster.state:
        case ClusterState.STARTING:
            return _move(flow, ClusterState.BOOTSTRAPPING, now)
        case ClusterState.BOOTSTRAPPING:
            ready = _move(flow, ClusterState.RUNNING, now)
            return settle(replace(ready, cluster=replace(ready.cluster, ready_at=now)), now)
        case ClusterState.WAITING:
            return terminate(flow, IDLE, now)
        case ClusterState.TERMINATING:
            ended = _move(flow, flow.cluster.final_state, now, flow.cluster.reason_code, flow.cluster.reason_message)
            nodes = tuple(replace(node, ended_at=node.ended_at or now) for node in ended.cluster.nodes)
            return replace(ended, cluster=replace(ended.cluster, ended_at=now, nodes=nodes))
        case _:
            return flow


def settle(flow: JobFlow, now: float) -> JobFlow:
    """A ready cluster brought in line with its steps: running, waiting, or on its way out when it is not kept alive."""
    state = flow.cluster.state
    if state not in _READY_STATES:
        return flow
    if any(step.state in ACTIVE_STEP_STATES for step in flow.steps):
        return flow if state is ClusterState.RUNNING else _move(flow, ClusterState.RUNNING, now)
    if flow.cluster.keep_alive:
        return (
            flow
            if state is ClusterState.WAITING
            else _move(flow, ClusterState.WAITING, now, None, _waiting_message(flow))
        )
    failed = any(step.state is StepState.FAILED for step in flow.steps)
    return terminate(flow, COMPLETED_WITH_ERRORS if failed else ALL_COMPLETED, now)


def add_steps(flow: JobFlow, steps: Iterable[StepRecord], now: float) -> JobFlow:
    """The flow with more steps at its end; a waiting cluster runs again."""
    return settle(replace(flow, steps=(*flow.steps, *steps)), now)


def choose_startable(flow: JobFlow) -> tuple[StepRecord, ...]:
    """The pending steps that may start now: in the order of submission, as many as the concurrency level leaves room for."""
    if flow.cluster.state not in _READY_STATES:
        return ()
    room = flow.cluster.step_concurrency - sum(step.state in OCCUPYING_STEP_STATES for step in flow.steps)
    pending = [step for step in flow.steps if step.state is StepState.PENDING]
    return tuple(pending[: max(room, 0)])


def start_step(flow: JobFlow, step_id: str, now: float) -> JobFlow:
    """The flow with this pending step running."""
    return _map_steps(
        flow, lambda step: replace(step, state=StepState.RUNNING, started_at=now) if step.step_id == step_id else step
    )


def end_step(flow: JobFlow, step_id: str, outcome: StepOutcome, now: float) -> JobFlow:
    """The flow after the step's process ended. A step that termination has already closed stays as it is."""
    step = find_step(flow, step_id)
    if step is None or step.state not in OCCUPYING_STEP_STATES:
        return flow
    if step.state is StepState.CANCEL_PENDING:
        return settle(_replace_step(flow, replace(step, state=StepState.CANCELLED, ended_at=now)), now)
    if outcome.exit_code == 0:
        return settle(_replace_step(flow, replace(step, state=StepState.COMPLETED, ended_at=now)), now)
    failed = replace(
        step,
        state=StepState.FAILED,
        ended_at=now,
        failure_reason=outcome.reason or "Unknown Error.",
        failure_message=outcome.message,
        failure_log=outcome.log_file,
    )
    return _act_on_failure(_replace_step(flow, failed), failed, now)


def cancel_step(flow: JobFlow, step_id: str, now: float, *, by_kill: bool = False) -> JobFlow:
    """The flow after CancelSteps: a pending step is cancelled at once, a running one when its process is gone."""
    step = find_step(flow, step_id)
    if step is None or step.state not in ACTIVE_STEP_STATES:
        return flow
    if step.state is StepState.PENDING:
        return settle(_replace_step(flow, replace(step, state=StepState.CANCELLED, ended_at=now)), now)
    return _replace_step(
        flow, replace(step, state=StepState.CANCEL_PENDING, cancel_by_kill=by_kill or step.cancel_by_kill)
    )


def terminate(flow: JobFlow, ending: Ending, now: float) -> JobFlow:
    """The cluster shutting down: running steps are interrupted, pending ones cancelled. A cluster that is going stays as it is."""
    if is_going(flow):
        return flow
    ends = {
        StepState.PENDING: StepState.CANCELLED,
        StepState.CANCEL_PENDING: StepState.CANCELLED,
        StepState.RUNNING: ending.running_steps,
    }
    closed = _map_steps(
        flow, lambda step: replace(step, state=ends[step.state], ended_at=now) if step.state in ends else step
    )
    going = _move(closed, ClusterState.TERMINATING, now, ending.code, ending.message)
    return replace(going, cluster=replace(going.cluster, final_state=ending.final_state))


def recover(flow: JobFlow, now: float) -> JobFlow:
    """The flow after a restart of the server: what ran then has failed, and the cluster acts on that as on any failure."""
    stopped = StepOutcome(
        exit_code=-9,
        reason=SERVER_STOPPED,
        message="Its output may be incomplete. Submit the step again.",
    )
    for step in flow.steps:
        flow = end_step(flow, step.step_id, stopped, now)
    return flow


def find_step(flow: JobFlow, step_id: str) -> StepRecord | None:
    """The step with this id, if the flow has it."""
    return next((step for step in flow.steps if step.step_id == step_id), None)


def _act_on_failure(flow: JobFlow, failed: StepRecord, now: float) -> JobFlow:
    cluster = flow.cluster
    # With a higher concurrency level AWS takes every failure for CONTINUE.
    if failed.action_on_failure == "CONTINUE" or cluster.step_concurrency > 1:
        return settle(flow, now)
    if failed.action_on_failure == "CANCEL_AND_WAIT":
        # Steps may still run if the level was lowered meanwhile; then AWS cancels nothing.
        others_run = any(step.state in OCCUPYING_STEP_STATES for step in flow.steps)
        return settle(flow if others_run else _cancel_pending(flow, now), now)
    if cluster.keep_alive and cluster.termination_protected:
        # AWS says only that the cluster stays up; the steps that were to follow must not run on a failed one's output.
        return settle(_cancel_pending(flow, now), now)
    return terminate(flow, STEP_FAILED, now)


def _cancel_pending(flow: JobFlow, now: float) -> JobFlow:
    return _map_steps(
        flow,
        lambda step: (
            replace(step, state=StepState.CANCELLED, ended_at=now) if step.state is StepState.PENDING else step
        ),
    )


def _waiting_message(flow: JobFlow) -> str:
    ended = [step for step in flow.steps if step.ended_at is not None]
    if not ended:
        return "Cluster ready to run steps."
    last = max(ended, key=lambda step: step.ended_at or 0.0)
    return f"Cluster ready after last step {_LAST_STEP_WORDS.get(last.state, 'completed')}."


def _move(
    flow: JobFlow, state: ClusterState, now: float, code: ReasonCode | None = None, message: str | None = None
) -> JobFlow:
    return replace(
        flow, cluster=replace(flow.cluster, state=state, state_since=now, reason_code=code, reason_message=message)
    )


def _replace_step(flow: JobFlow, changed: StepRecord) -> JobFlow:
    return _map_steps(flow, lambda step: changed if step.step_id == changed.step_id else step)


def _map_steps(flow: JobFlow, change: Callable[[StepRecord], StepRecord]) -> JobFlow:
    return replace(flow, steps=tuple(change(step) for step in flow.steps))

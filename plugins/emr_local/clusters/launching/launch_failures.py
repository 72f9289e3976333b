"""Launches that go wrong or wait: the state machine's time steps for one that stops on its way. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emr_local.clusters.launching.bootstrap_actions import (
    ActionLogs,
    BootstrapAction,
    BootstrapFailure,
    BootstrapOutcome,
    FailureKind,
    format_controller,
)
from emr_local.clusters.states import Delays, Ending, advance, find_due_time, terminate
from emr_local.faults.fault import Effect, Fault
from emr_local.resources.records import ClusterRecord, ClusterState, JobFlow, ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchStop:
    """In which state a launch stops: for good with the ending; without one the cluster stays in that state until it is terminated, or the stop is lifted."""

    state: ClusterState
    ending: Ending | None = None


BOOTSTRAP_PENDING = LaunchStop(state=ClusterState.BOOTSTRAPPING)  # until it is known what the bootstrap actions come to


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    code: ReasonCode
    message: str


# EMR's own texts as users report them; that of the fleet timeout is not known and is ours.
_FAILURES: Mapping[Effect, _Failure] = {
    Effect.FLEET_TIMEOUT: _Failure(
        code=ReasonCode.INSTANCE_FLEET_TIMEOUT,
        message="The instance fleets could not be provisioned within the timeout",
    ),
    Effect.VALIDATION_ERROR: _Failure(
        code=ReasonCode.VALIDATION_ERROR,
        message="The subnet configuration was invalid: No route to any external sources detected in Route Table for Subnet",
    ),
    Effect.INTERNAL_ERROR: _Failure(
        code=ReasonCode.INTERNAL_ERROR, message="Failed to start the job flow due to an internal error"
    ),
}


def create_launch_stop(fault: Fault) -> LaunchStop:
    """What a launch fault means for a cluster, unless it is one of its bootstrap actions."""
    if fault.effect is Effect.STUCK_STARTING:
        return LaunchStop(state=ClusterState.STARTING)
    failure = _FAILURES[fault.effect]
    return LaunchStop(state=ClusterState.STARTING, ending=_end(failure.code, fault.message or failure.message))


def inject_bootstrap_failure(fault: Fault) -> BootstrapOutcome:
    """What the bootstrap actions of a cluster come to under a fault: the first fails with the fault's message."""
    action = BootstrapAction(number=1)
    logs = ActionLogs(
        number=action.number,
        controller=format_controller(action, 1),
        stderr=f"{fault.message or 'bootstrap action 1 failed'}\n".encode(),
    )
    return BootstrapOutcome(logs=[logs], failure=BootstrapFailure(number=action.number, kind=FailureKind.EXIT_CODE))


def fail_bootstrap(failure: BootstrapFailure, cluster: ClusterRecord) -> LaunchStop:
    """The end of a cluster whose bootstrap action failed."""
    message = failure.kind.format(cluster.find_nodes("MASTER")[0].ec2_id, failure.number)
    return LaunchStop(state=ClusterState.BOOTSTRAPPING, ending=_end(ReasonCode.BOOTSTRAP_FAILURE, message))


def break_bootstrap(error: Exception) -> LaunchStop:
    """The end of a cluster whose bootstrap actions this server could not take."""
    message = f"The bootstrap actions cannot be taken on this machine: {error}"
    return LaunchStop(state=ClusterState.BOOTSTRAPPING, ending=_end(ReasonCode.INTERNAL_ERROR, message))


def find_launch_time(flow: JobFlow, delays: Delays, stop: LaunchStop | None) -> float | None:
    """When time alone moves the cluster on, if it does (see `find_due_time`)."""
    if stop and stop.ending is None and flow.cluster.state is stop.state:
        return None
    return find_due_time(flow, delays)


def advance_launch(flow: JobFlow, now: float, stop: LaunchStop | None) -> JobFlow:
    """The cluster after the time of its state is over (see `advance`)."""
    if stop and stop.ending and flow.cluster.state is stop.state:
        return terminate(flow, stop.ending, now)
    return advance(flow, now)


def _end(code: ReasonCode, message: str) -> Ending:
    return Ending(code=code, message=message, final_state=ClusterState.TERMINATED_WITH_ERRORS)

"""What befalls a cluster from outside while it lives: instances that go, steps that are interrupted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from emr_local.clusters.states import IDLE, Ending, settle, terminate
from emr_local.resources.identifiers import create_ec2_identifier, create_identifier
from emr_local.resources.records import ClusterRecord, ClusterState, JobFlow, Node, ReasonCode, StepState

PRIMARY_LOST = Ending(
    code=ReasonCode.INSTANCE_FAILURE,
    message="The master node was terminated",
    final_state=ClusterState.TERMINATED_WITH_ERRORS,
)


class Loss(StrEnum):
    """What is lost: a spot instance, any core or task instance, the primary instance, or the patience of the auto-termination policy."""

    SPOT = "spot"
    INSTANCE = "instance"
    PRIMARY = "primary"
    IDLE = "idle"


# EMR documents no texts for these; they are ours.
_MESSAGES = {
    Loss.SPOT: "The Spot Instance was interrupted by Amazon EC2 and terminated",
    Loss.INSTANCE: "The instance was terminated unexpectedly",
    Loss.PRIMARY: "The instance was terminated unexpectedly",
}


def lose(flow: JobFlow, loss: Loss, now: float) -> JobFlow | None:
    """The live cluster after the loss; None if it has no such instance."""
    if loss is Loss.IDLE:
        return terminate(flow, IDLE, now)
    lost = _choose_node(flow.cluster, loss)
    if lost is None:
        return None
    cluster = _end_node(flow.cluster, lost, _MESSAGES[loss], now)
    if loss is Loss.PRIMARY:
        return terminate(replace(flow, cluster=cluster), PRIMARY_LOST, now)
    running = [step.step_id for step in flow.steps if step.state is StepState.RUNNING]
    return interrupt_steps(replace(flow, cluster=_add_replacement(cluster, lost, now)), running, now)


def interrupt_steps(flow: JobFlow, step_ids: Sequence[str], now: float) -> JobFlow:
    """The flow with these running steps INTERRUPTED; the cluster goes on."""
    steps = tuple(
        replace(step, state=StepState.INTERRUPTED, ended_at=now) if step.step_id in step_ids else step
        for step in flow.steps
    )
    return settle(replace(flow, steps=steps), now)


def _choose_node(cluster: ClusterRecord, loss: Loss) -> Node | None:
    roles = ("MASTER",) if loss is Loss.PRIMARY else ("CORE", "TASK")
    live = [node for node in cluster.find_nodes(*roles) if node.ended_at is None]
    return next((node for node in live if loss is not Loss.SPOT or node.market == "SPOT"), None)


def _end_node(cluster: ClusterRecord, lost: Node, message: str, now: float) -> ClusterRecord:
    ended = replace(lost, ended_at=now, end_code="INSTANCE_FAILURE", end_message=message)
    return replace(cluster, nodes=tuple(ended if node is lost else node for node in cluster.nodes))


def _add_replacement(cluster: ClusterRecord, lost: Node, now: float) -> ClusterRecord:
    fresh = replace(
        lost,
        node_id=create_identifier("ci"),
        ec2_id=create_ec2_identifier(),
        number=len(cluster.nodes) + 1,
        created_at=now,
    )
    return replace(cluster, nodes=(*cluster.nodes, fresh))

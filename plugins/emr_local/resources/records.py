"""What the server remembers: frozen records of clusters, steps and instances, and their JSON form. No clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class ClusterState(StrEnum):
    """ClusterState of the API."""

    STARTING = "STARTING"
    BOOTSTRAPPING = "BOOTSTRAPPING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    TERMINATED_WITH_ERRORS = "TERMINATED_WITH_ERRORS"


class StepState(StrEnum):
    """StepState of the API."""

    PENDING = "PENDING"
    CANCEL_PENDING = "CANCEL_PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"


class ReasonCode(StrEnum):
    """ClusterStateChangeReasonCode of the API, as far as this server gives them."""

    INTERNAL_ERROR = "INTERNAL_ERROR"
    BOOTSTRAP_FAILURE = "BOOTSTRAP_FAILURE"
    INSTANCE_FAILURE = "INSTANCE_FAILURE"
    INSTANCE_FLEET_TIMEOUT = "INSTANCE_FLEET_TIMEOUT"
    VALIDATION_ERROR = "VALIDATION_ERROR"
    USER_REQUEST = "USER_REQUEST"
    STEP_FAILURE = "STEP_FAILURE"
    ALL_STEPS_COMPLETED = "ALL_STEPS_COMPLETED"


ENDED_CLUSTER_STATES = frozenset({ClusterState.TERMINATED, ClusterState.TERMINATED_WITH_ERRORS})
ACTIVE_STEP_STATES = frozenset({StepState.PENDING, StepState.RUNNING, StepState.CANCEL_PENDING})
OCCUPYING_STEP_STATES = frozenset({StepState.RUNNING, StepState.CANCEL_PENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One step and how far it came."""

    step_id: str
    cluster_id: str
    name: str
    jar: str
    args: tuple[str, ...] = ()
    main_class: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    action_on_failure: str
    execution_role: str | None = None
    state: StepState = StepState.PENDING
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    cancel_by_kill: bool = False
    failure_reason: str | None = None
    failure_message: str | None = None
    failure_log: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCollection:
    """One instance group or instance fleet; `request` is its part of the API request."""

    collection_id: str
    role: str
    request: Json
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One pretended EC2 instance of a cluster. `number` counts within the cluster and gives its addresses."""

    node_id: str
    ec2_id: str
    number: int
    collection_id: str
    market: str
    instance_type: str
    created_at: float
    ended_at: float | None = None
    end_code: str | None = None
    end_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRecord:
    """One cluster: what was asked for (`request` is RunJobFlow's body without its steps), what may change, and where it stands."""

    cluster_id: str
    name: str
    region: str
    release_label: str
    request: Json
    uses_fleets: bool
    collections: tuple[NodeCollection, ...]
    nodes: tuple[Node, ...]
    keep_alive: bool
    termination_protected: bool
    visible_to_all_users: bool
    unhealthy_node_replacement: bool
    step_concurrency: int
    tags: Mapping[str, str]
    idle_timeout: int | None
    managed_scaling: Json | None
    state: ClusterState = ClusterState.STARTING
    state_since: float
    final_state: ClusterState = ClusterState.TERMINATED
    reason_code: ReasonCode | None = None
    reason_message: str | None = None
    created_at: float
    ready_at: float | None = None
    ended_at: float | None = None

    def find_nodes(self, *roles: str) -> list[Node]:
        """The nodes of groups or fleets with these roles (MASTER, CORE, TASK), oldest first."""
        wanted = {each.collection_id for each in self.collections if each.role in roles}
        return [node for node in self.nodes if node.collection_id in wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFlow:
    """A cluster with its steps, in the order of submission: what the state machine works on."""

    cluster: ClusterRecord
    steps: tuple[StepRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityConfiguration:
    """A named security configuration, kept as the text that was given."""

    name: str
    text: str
    created_at: float


def step_from_json(data: Json) -> StepRecord:
    """The step that `asdict` and JSON made this of."""
    return StepRecord(**{**data, "args": tuple(data["args"]), "state": StepState(data["state"])})


def cluster_from_json(data: Json) -> ClusterRecord:
    """The cluster that `asdict` and JSON made this of."""
    code = data["reason_code"]
    parsed = {
        "collections": tuple(NodeCollection(**each) for each in data["collections"]),
        "nodes": tuple(Node(**each) for each in data["nodes"]),
        "state": ClusterState(data["state"]),
        "final_state": ClusterState(data["final_state"]),
        "reason_code": None if code is None else ReasonCode(code),
    }
    return ClusterRecord(**{**data, **parsed})


def record_to_json(record: ClusterRecord | StepRecord | SecurityConfiguration) -> dict[str, Any]:
    """A record as plain data that `json` can write."""
    return asdict(record)

"""From a request's StepConfigs to the records of new steps, with AWS's checks. Draws ids; no clock, no I/O, no state."""

from __future__ import annotations

from collections.abc import Sequence

from emr_local.resources.identifiers import create_identifier
from emr_local.resources.records import ACTIVE_STEP_STATES, ClusterRecord, Json, StepRecord
from emr_local.wire.api_errors import validation_failure

MAX_ACTIVE_STEPS = 256
MAX_STEP_CHARACTERS = 10_240
_DEFAULT_ACTION = "TERMINATE_CLUSTER"


def create_steps(
    requests: Sequence[Json],
    cluster: ClusterRecord,
    existing: Sequence[StepRecord],
    execution_role: str | None,
    now: float,
) -> list[StepRecord]:
    """The records of the steps that this request asks for; raises AWS's ValidationException when they cannot be had."""
    active = sum(step.state in ACTIVE_STEP_STATES for step in existing)
    if active + len(requests) > MAX_ACTIVE_STEPS:
        raise validation_failure(
            "Maximum number of active steps(State = 'Running', 'Pending' or 'Cancel_Pending') for cluster exceeded."
        )
    return [_create_step(request, cluster, execution_role, now) for request in requests]


def _create_step(request: Json, cluster: ClusterRecord, execution_role: str | None, now: float) -> StepRecord:
    action = request.get("ActionOnFailure", _DEFAULT_ACTION)
    if cluster.step_concurrency > 1 and action != "CONTINUE":
        raise validation_failure(f"Action on failure '{action}' is invalid.")
    jar_step = request["HadoopJarStep"]
    _check_length(jar_step)
    return StepRecord(
        step_id=create_identifier("s"),
        cluster_id=cluster.cluster_id,
        name=request["Name"],
        jar=jar_step["Jar"],
        args=tuple(jar_step.get("Args", ())),
        main_class=jar_step.get("MainClass"),
        properties={pair.get("Key", ""): pair.get("Value", "") for pair in jar_step.get("Properties", ())},
        action_on_failure=action,
        execution_role=execution_role,
        created_at=now,
    )


def _check_length(jar_step: Json) -> None:
    pairs = jar_step.get("Properties", ())
    texts = [jar_step["Jar"], jar_step.get("MainClass", ""), *jar_step.get("Args", ())]
    length = sum(map(len, texts)) + sum(len(pair.get("Key", "")) + len(pair.get("Value", "")) for pair in pairs)
    if length > MAX_STEP_CHARACTERS:
        raise validation_failure(
            f"The total length of the strings of HadoopJarStep is {length} characters; the maximum is {MAX_STEP_CHARACTERS}."
        )

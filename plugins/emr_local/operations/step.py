"""The operations on the steps of a cluster: add, look at, list, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emr_local.clusters.states import add_steps, cancel_step, find_step, is_going
from emr_local.operations.calls import Call, Operation
from emr_local.operations.pagination import take_page
from emr_local.operations.parameters.security import check_execution_role
from emr_local.operations.parameters.step import MAX_ACTIVE_STEPS, create_steps
from emr_local.operations.responses.step import describe_step, summarize_step
from emr_local.resources.records import ACTIVE_STEP_STATES, JobFlow, Json, StepRecord, StepState
from emr_local.wire.api_errors import invalid_request, not_modifiable, validation_failure

MAX_STEP_IDS = 10
_VISIBLE_STEPS = 1000


def _add_job_flow_steps(call: Call) -> Json:
    flow = call.require_job_flow(call.parameters["JobFlowId"])
    if is_going(flow):
        raise not_modifiable()
    requests, role = call.parameters["Steps"], call.parameters.get("ExecutionRoleArn")
    name = flow.cluster.request.get("SecurityConfiguration")
    security = call.find_security_configuration(name) if name else None
    # One that has been deleted since, or has gone with its stack, tells nothing any more.
    if security or not name:
        check_execution_role(role, flow.cluster.release_label, security)
    steps = create_steps(requests, flow.cluster, flow.steps, role, call.now)
    call.store.save_flow(add_steps(flow, steps, call.now))
    return {"StepIds": [step.step_id for step in steps]}


def _describe_step(call: Call) -> Json:
    return {"Step": describe_step(_require_step(call.require_cluster(), call.parameters["StepId"]))}


def _list_steps(call: Call) -> Json:
    flow = call.require_cluster()
    states = call.parameters.get("StepStates")
    ids = call.parameters.get("StepIds")
    if ids and states:
        raise invalid_request("Cannot specify both StepIds and StepStates.")
    steps = _select_steps(flow, ids) if ids else flow.steps[: -_VISIBLE_STEPS - 1 : -1]
    chosen = [step for step in steps if not states or step.state in states]
    page, rest = take_page(chosen, call.parameters.get("Marker"), lambda step: step.step_id)
    return {"Steps": [summarize_step(step) for step in page], **rest}


def _select_steps(flow: JobFlow, ids: Sequence[str]) -> list[StepRecord]:
    if len(ids) > MAX_STEP_IDS:
        raise validation_failure(f"At most {MAX_STEP_IDS} step ids can be listed at once; {len(ids)} were given.")
    return [_require_step(flow, step_id) for step_id in ids]


def _cancel_steps(call: Call) -> Json:
    flow = call.require_modifiable_cluster()
    ids = call.parameters["StepIds"]
    if len(ids) > MAX_ACTIVE_STEPS:
        raise validation_failure(f"At most {MAX_ACTIVE_STEPS} steps can be cancelled at once; {len(ids)} were given.")
    by_kill = call.parameters.get("StepCancellationOption") == "TERMINATE_PROCESS"
    answers = [_answer_cancellation(_require_step(flow, step_id)) for step_id in ids]
    for step_id in ids:
        flow = cancel_step(flow, step_id, call.now, by_kill=by_kill)
    call.store.save_flow(flow)
    return {"CancelStepsInfoList": answers}


def _answer_cancellation(step: StepRecord) -> dict[str, str]:
    # The operation is idempotent: what is already cancelled is no failure.
    if step.state in ACTIVE_STEP_STATES or step.state is StepState.CANCELLED:
        return {"StepId": step.step_id, "Status": "SUBMITTED"}
    return {"StepId": step.step_id, "Status": "FAILED", "Reason": f"Cannot cancel a step in state {step.state}."}


def _require_step(flow: JobFlow, step_id: str) -> StepRecord:
    step = find_step(flow, step_id)
    if step is None:
        raise invalid_request(f"Step id '{step_id}' is not valid.")
    return step


OPERATIONS: Mapping[str, Operation] = {
    "AddJobFlowSteps": _add_job_flow_steps,
    "DescribeStep": _describe_step,
    "ListSteps": _list_steps,
    "CancelSteps": _cancel_steps,
}

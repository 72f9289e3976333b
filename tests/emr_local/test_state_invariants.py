"""What holds for every job flow, whatever happens to it in whatever order."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from emr_local.clusters.states import (
    USER_REQUEST,
    add_steps,
    advance,
    cancel_step,
    choose_startable,
    end_step,
    is_going,
    recover,
    start_step,
    terminate,
)
from emr_local.operations.parameters.cluster import create_cluster
from emr_local.resources.records import (
    ACTIVE_STEP_STATES,
    OCCUPYING_STEP_STATES,
    ClusterState,
    JobFlow,
    StepRecord,
    cluster_from_json,
    record_to_json,
    step_from_json,
)
from emr_local.runners.contract import StepOutcome
from tests.emr_local.emr_requests import cluster_request

ACTIONS = st.sampled_from(["CONTINUE", "CANCEL_AND_WAIT", "TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW"])
EVENTS = st.one_of(
    st.tuples(st.sampled_from(["advance", "start", "start", "terminate", "recover"]), st.none(), st.none()),
    st.tuples(st.just("add"), ACTIONS, st.none()),
    st.tuples(st.just("end"), st.integers(0, 5), st.sampled_from([0, 1, -9])),
    st.tuples(st.just("cancel"), st.integers(0, 5), st.booleans()),
)
FLAGS = st.fixed_dictionaries(
    {"keep_alive": st.booleans(), "termination_protected": st.booleans(), "step_concurrency": st.integers(1, 3)}
)


def create_step(position: int, action: str, now: float) -> StepRecord:
    return StepRecord(
        step_id=f"s-{position}", cluster_id="j", name="x", jar="j", action_on_failure=action, created_at=now
    )


def apply(flow: JobFlow, event: tuple[str, object, object], now: float) -> JobFlow:
    match event:
        case "advance", _, _:
            # Time moves a waiting cluster only if it has an idle timeout.
            return flow if flow.cluster.state is ClusterState.WAITING else advance(flow, now)
        case "start", _, _:
            return reduce(lambda so_far, step: start_step(so_far, step.step_id, now), choose_startable(flow), flow)
        case "add", str(action), _:
            return flow if is_going(flow) else add_steps(flow, [create_step(len(flow.steps), action, now)], now)
        case "end", position, int(code):
            return end_step(flow, f"s-{position}", StepOutcome(exit_code=code), now)
        case "cancel", position, by_kill:
            return cancel_step(flow, f"s-{position}", now, by_kill=bool(by_kill))
        case "terminate", _, _:
            return terminate(flow, USER_REQUEST, now)
        case _:
            return recover(flow, now)


def check(flow: JobFlow) -> None:
    cluster = flow.cluster
    active = [step for step in flow.steps if step.state in ACTIVE_STEP_STATES]
    occupying = [step for step in flow.steps if step.state in OCCUPYING_STEP_STATES]
    assert len(occupying) <= cluster.step_concurrency
    assert not (is_going(flow) and active)
    if cluster.ready_at is not None and not is_going(flow):
        assert cluster.state is (ClusterState.RUNNING if active else ClusterState.WAITING)
        assert active or cluster.keep_alive
    if cluster.ready_at is None:
        assert not occupying
    for step in flow.steps:
        assert (step.ended_at is None) is (step.state in ACTIVE_STEP_STATES)
        times = [time for time in (step.created_at, step.started_at, step.ended_at) if time is not None]
        assert times == sorted(times)


@settings(max_examples=300, deadline=None)
@given(FLAGS, st.lists(EVENTS, max_size=25))
def test_no_order_of_events_breaks_a_job_flow(flags: dict[str, object], events: list[tuple[str, object, object]]):
    flow = JobFlow(cluster=replace(create_cluster(cluster_request(), "us-east-1", 0.0), **flags))
    clock = count(1)
    for event in events:
        after = apply(flow, event, float(next(clock)))
        check(after)
        ended = [step for step in flow.steps if step.state not in ACTIVE_STEP_STATES]
        assert ended == [step for step in after.steps if step in ended], "an ended step changed"
        if flow.cluster.ended_at is not None:
            assert after == flow, "an ended cluster changed"
        flow = after
    assert cluster_from_json(json.loads(json.dumps(record_to_json(flow.cluster)))) == flow.cluster
    assert tuple(step_from_json(json.loads(json.dumps(record_to_json(step)))) for step in flow.steps) == flow.steps

"""The state machines alone: records and times in, records out; nothing waits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emr_local.clusters.states import (
    SERVER_STOPPED,
    USER_REQUEST,
    Delays,
    add_steps,
    advance,
    cancel_step,
    choose_startable,
    end_step,
    find_due_time,
    recover,
    settle,
    start_step,
    terminate,
)
from emr_local.operations.parameters.cluster import create_cluster
from emr_local.resources.records import ClusterState, JobFlow, ReasonCode, StepRecord, StepState
from emr_local.runners.contract import StepOutcome
from tests.emr_local.emr_requests import cluster_request

SUCCESS = StepOutcome(exit_code=0)
FAILURE = StepOutcome(
    exit_code=1, reason="Output directory already exists.", message="s3://b/o", log_file="s3://b/log.gz"
)
DELAYS = Delays(starting=60, bootstrapping=30, terminating=10)


def create_flow(*actions: str, **changes: object) -> JobFlow:
    """A cluster with one pending step per ActionOnFailure, created at time 0."""
    cluster = create_cluster(cluster_request(), "us-east-1", 0.0)
    steps = [
        StepRecord(
            step_id=f"s-{n}", cluster_id=cluster.cluster_id, name="x", jar="j", action_on_failure=action, created_at=0.0
        )
        for n, action in enumerate(actions)
    ]
    return JobFlow(cluster=replace(cluster, **changes), steps=tuple(steps))


def create_ready_flow(*actions: str, **changes: object) -> JobFlow:
    """A cluster that is running its first step, at time 100."""
    flow = advance(advance(create_flow(*actions, **changes), 60.0), 90.0)
    return start_step(flow, "s-0", 100.0) if actions else flow


def states(flow: JobFlow) -> list[str]:
    return [step.state.value for step in flow.steps]


def outcome(flow: JobFlow) -> tuple[str, str, str | None]:
    """Where a terminating cluster goes, and why."""
    assert flow.cluster.state is ClusterState.TERMINATING
    ended = advance(flow, 1000.0).cluster
    assert ended.ended_at == 1000.0
    assert ended.reason_code is not None
    return ended.state.value, ended.reason_code.value, ended.reason_message


def test_a_new_cluster_starts_then_bootstraps_then_is_ready_when_its_delays_are_over():
    flow = create_flow("CONTINUE")
    assert find_due_time(flow, DELAYS) == 60
    flow = advance(flow, 60.0)
    assert flow.cluster.state is ClusterState.BOOTSTRAPPING
    assert find_due_time(flow, DELAYS) == 90
    flow = advance(flow, 90.0)
    assert flow.cluster.state is ClusterState.RUNNING
    assert flow.cluster.ready_at == 90
    assert find_due_time(flow, DELAYS) is None


def test_a_scale_of_zero_makes_every_delay_vanish():
    assert DELAYS.scale(0) == Delays(starting=0, bootstrapping=0, terminating=0)


def test_no_step_starts_before_the_cluster_is_ready():
    flow = create_flow("CONTINUE")
    assert choose_startable(flow) == ()
    assert choose_startable(advance(flow, 60.0)) == ()
    assert len(choose_startable(advance(advance(flow, 60.0), 90.0))) == 1


def test_a_ready_cluster_without_steps_waits_if_kept_alive_and_goes_if_not():
    kept = create_ready_flow(keep_alive=True)
    assert (kept.cluster.state, kept.cluster.reason_message) == (ClusterState.WAITING, "Cluster ready to run steps.")
    assert outcome(create_ready_flow(keep_alive=False)) == ("TERMINATED", "ALL_STEPS_COMPLETED", "Steps completed")


def test_steps_start_in_the_order_of_submission_within_the_concurrency_level():
    flow = create_ready_flow("CONTINUE", "CONTINUE", "CONTINUE", "CONTINUE", step_concurrency=3)
    assert [step.step_id for step in choose_startable(flow)] == ["s-1", "s-2"]
    assert choose_startable(replace(flow, cluster=replace(flow.cluster, step_concurrency=1))) == ()


def test_a_step_that_is_being_cancelled_still_takes_up_room():
    flow = cancel_step(create_ready_flow("CONTINUE", "CONTINUE"), "s-0", 101.0)
    assert states(flow) == ["CANCEL_PENDING", "PENDING"]
    assert choose_startable(flow) == ()
    assert [step.step_id for step in choose_startable(end_step(flow, "s-0", FAILURE, 102.0))] == ["s-1"]


@pytest.mark.parametrize(
    ("result", "words"), [(SUCCESS, "completed"), (FAILURE, "failed")], ids=["after success", "after failure"]
)
def test_a_kept_cluster_waits_after_its_last_step_and_says_how_that_ended(result: StepOutcome, words: str):
    flow = end_step(create_ready_flow("CONTINUE", keep_alive=True), "s-0", result, 110.0)
    assert flow.cluster.state is ClusterState.WAITING
    assert flow.cluster.reason_message == f"Cluster ready after last step {words}."
    assert flow.cluster.state_since == 110.0


def test_a_step_added_to_a_waiting_cluster_sets_it_running():
    waiting = create_ready_flow(keep_alive=True)
    added = add_steps(waiting, create_flow("CONTINUE").steps, 200.0)
    assert added.cluster.state is ClusterState.RUNNING
    assert added.cluster.reason_message is None


def test_a_failed_step_keeps_what_the_executor_found_out():
    step = end_step(create_ready_flow("CONTINUE"), "s-0", FAILURE, 110.0).steps[0]
    assert (step.state, step.started_at, step.ended_at) == (StepState.FAILED, 100.0, 110.0)
    assert (step.failure_reason, step.failure_message, step.failure_log) == (
        FAILURE.reason,
        FAILURE.message,
        FAILURE.log_file,
    )


def test_a_failure_without_a_known_reason_has_the_reason_that_emr_gives():
    step = end_step(create_ready_flow("CONTINUE"), "s-0", StepOutcome(exit_code=3), 110.0).steps[0]
    assert step.failure_reason == "Unknown Error."


TERMINATED_FOR_STEP = ("TERMINATED_WITH_ERRORS", "STEP_FAILURE", "Shut down as step failed")
ENDED_WITH_ERRORS = ("TERMINATED", "STEP_FAILURE", "Steps completed with errors")


@pytest.mark.parametrize("action", ["TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW"])
@pytest.mark.parametrize(("keep_alive", "protected"), [(False, False), (False, True), (True, False)])
def test_a_failed_step_that_terminates_the_cluster_cancels_the_others(action: str, keep_alive: bool, protected: bool):
    flow = create_ready_flow(action, action, keep_alive=keep_alive, termination_protected=protected)
    failed = end_step(flow, "s-0", FAILURE, 110.0)
    assert outcome(failed) == TERMINATED_FOR_STEP
    assert states(failed) == ["FAILED", "CANCELLED"]


def test_termination_protection_keeps_a_kept_cluster_up_after_a_failed_step():
    flow = create_ready_flow("TERMINATE_CLUSTER", "CONTINUE", keep_alive=True, termination_protected=True)
    failed = end_step(flow, "s-0", FAILURE, 110.0)
    assert failed.cluster.state is ClusterState.WAITING
    assert states(failed) == ["FAILED", "CANCELLED"]


def test_cancel_and_wait_cancels_the_pending_steps_and_a_kept_cluster_waits():
    failed = end_step(create_ready_flow("CANCEL_AND_WAIT", "CONTINUE", keep_alive=True), "s-0", FAILURE, 110.0)
    assert failed.cluster.state is ClusterState.WAITING
    assert states(failed) == ["FAILED", "CANCELLED"]


def test_cancel_and_wait_ends_a_cluster_that_is_not_kept_alive_without_running_more():
    failed = end_step(create_ready_flow("CANCEL_AND_WAIT", "CONTINUE", keep_alive=False), "s-0", FAILURE, 110.0)
    assert outcome(failed) == ENDED_WITH_ERRORS
    assert states(failed) == ["FAILED", "CANCELLED"]


def test_continue_runs_the_next_step_and_the_end_still_tells_of_the_failure():
    flow = end_step(create_ready_flow("CONTINUE", "CONTINUE", keep_alive=False), "s-0", FAILURE, 110.0)
    assert states(flow) == ["FAILED", "PENDING"]
    flow = end_step(start_step(flow, "s-1", 111.0), "s-1", SUCCESS, 120.0)
    assert outcome(flow) == ENDED_WITH_ERRORS


@pytest.mark.parametrize("action", ["TERMINATE_CLUSTER", "CANCEL_AND_WAIT"])
def test_with_a_raised_concurrency_level_every_failure_counts_as_continue(action: str):
    flow = create_ready_flow(action, action, keep_alive=True, step_concurrency=2)
    failed = end_step(flow, "s-0", FAILURE, 110.0)
    assert failed.cluster.state is ClusterState.RUNNING
    assert states(failed) == ["FAILED", "PENDING"]


def test_with_a_lowered_level_cancel_and_wait_cancels_nothing_while_others_run_but_terminate_fires():
    flow = start_step(
        create_ready_flow("CANCEL_AND_WAIT", "TERMINATE_CLUSTER", "CONTINUE", keep_alive=True), "s-1", 100.0
    )
    failed = end_step(flow, "s-0", FAILURE, 110.0)
    assert states(failed) == ["FAILED", "RUNNING", "PENDING"]
    assert outcome(end_step(failed, "s-1", FAILURE, 111.0)) == TERMINATED_FOR_STEP


def test_a_cancelled_step_triggers_no_action_on_failure():
    flow = cancel_step(create_ready_flow("TERMINATE_CLUSTER", "CONTINUE", keep_alive=True), "s-0", 101.0)
    ended = end_step(flow, "s-0", StepOutcome(exit_code=-15), 102.0)
    assert states(ended) == ["CANCELLED", "PENDING"]
    assert ended.cluster.state is ClusterState.RUNNING


def test_a_pending_step_is_cancelled_at_once_and_never_started():
    flow = cancel_step(create_ready_flow("CONTINUE", "CONTINUE"), "s-1", 101.0)
    assert states(flow) == ["RUNNING", "CANCELLED"]
    assert flow.steps[1].started_at is None
    assert flow.steps[1].ended_at == 101.0


def test_a_kill_asked_for_after_an_interrupt_is_remembered():
    flow = cancel_step(create_ready_flow("CONTINUE"), "s-0", 101.0)
    assert not flow.steps[0].cancel_by_kill
    killed = cancel_step(flow, "s-0", 102.0, by_kill=True)
    assert killed.steps[0].cancel_by_kill
    assert cancel_step(killed, "s-0", 103.0).steps[0].cancel_by_kill


def test_cancelling_a_step_that_ended_changes_nothing():
    flow = end_step(create_ready_flow("CONTINUE", keep_alive=True), "s-0", SUCCESS, 110.0)
    assert cancel_step(flow, "s-0", 111.0) == flow


def test_termination_interrupts_the_running_step_and_cancels_the_pending_ones():
    flow = terminate(create_ready_flow("CONTINUE", "CONTINUE", keep_alive=True), USER_REQUEST, 150.0)
    assert states(flow) == ["INTERRUPTED", "CANCELLED"]
    assert outcome(flow) == ("TERMINATED", "USER_REQUEST", "Terminated by user request")


def test_a_terminating_cluster_keeps_its_first_reason_and_ignores_late_outcomes():
    flow = terminate(create_ready_flow("CONTINUE", keep_alive=True), USER_REQUEST, 150.0)
    assert end_step(flow, "s-0", FAILURE, 151.0) == flow
    assert terminate(flow, replace(USER_REQUEST, message="again"), 152.0) == flow
    assert settle(flow, 153.0) == flow


def test_an_ended_cluster_is_moved_by_nothing():
    ended = advance(terminate(create_ready_flow(keep_alive=True), USER_REQUEST, 150.0), 160.0)
    assert find_due_time(ended, DELAYS) is None
    assert advance(ended, 900.0) == ended
    assert all(node.ended_at == 160.0 for node in ended.cluster.nodes)


def test_an_idle_cluster_terminates_when_its_policy_says_and_a_busy_one_does_not():
    idle = create_ready_flow(keep_alive=True, idle_timeout=600)
    assert find_due_time(idle, DELAYS) == 90 + 600
    state, code, _ = outcome(advance(idle, 690.0))
    assert (state, code) == ("TERMINATED", ReasonCode.USER_REQUEST)
    assert find_due_time(create_ready_flow("CONTINUE", keep_alive=True, idle_timeout=600), DELAYS) is None
    assert find_due_time(create_ready_flow(keep_alive=True), DELAYS) is None


def test_the_idle_time_starts_anew_after_each_step():
    flow = end_step(create_ready_flow("CONTINUE", keep_alive=True, idle_timeout=600), "s-0", SUCCESS, 500.0)
    assert find_due_time(flow, DELAYS) == 1100


def test_a_restart_fails_what_ran_with_the_reason_and_the_rest_goes_on():
    recovered = recover(create_ready_flow("CONTINUE", "CONTINUE", keep_alive=True), 300.0)
    assert states(recovered) == ["FAILED", "PENDING"]
    assert recovered.steps[0].failure_reason == SERVER_STOPPED
    assert len(choose_startable(recovered)) == 1


def test_a_restart_acts_on_the_failure_as_the_step_says():
    assert outcome(recover(create_ready_flow("TERMINATE_CLUSTER", "CONTINUE"), 300.0)) == TERMINATED_FOR_STEP


def test_a_restart_finishes_a_cancellation_that_was_under_way():
    flow = cancel_step(create_ready_flow("TERMINATE_CLUSTER", keep_alive=True), "s-0", 101.0)
    assert states(recover(flow, 300.0)) == ["CANCELLED"]

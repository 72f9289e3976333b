"""Whatever kills, retries, clears, faults and losses befall a run, in whatever order: one cluster, one submission of a step, one writer of an output, nothing left.

What is promised is in simulation.py. The orders of events that once broke it are kept here, each with its name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from airflow.sdk import DAG
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from emr_local.clusters.instance_losses import Loss
from emr_local.resources.records import StepState
from tests.reliability.interleavings import Interleavings
from tests.reliability.simulation import Simulation, build_dag
from tests.reliability.stepwise import Order


@pytest.fixture(scope="session")
def dag(tmp_path_factory: pytest.TempPathFactory) -> DAG:
    made = build_dag(tmp_path_factory.mktemp("interleavings"))
    # A clear copies the DAG, for which Airflow raises the recursion limit: once, and not in the middle of hypothesis's work.
    made.partial_subset(["create_cluster"])
    return made


@pytest.fixture
def simulation(dag: DAG) -> Iterator[Simulation]:
    made = Simulation(dag)
    yield made
    made.close()


def test_an_undisturbed_run_succeeds(simulation: Simulation) -> None:
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert len(simulation.emr.store.list_flows()) == 1
    assert len(simulation.emr.steps()) == 3
    assert simulation.emr.store.list_flows()[0].cluster.reason_message == "Terminated by user request"


def test_a_lost_answer_costs_no_second_cluster_and_no_second_try(simulation: Simulation) -> None:
    simulation.move(simulation.bring("create_cluster", "RunJobFlow"), Order.RESET_AFTER)
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert len(simulation.emr.store.list_flows()) == 1
    assert simulation.run.records["create_cluster"].try_number == 1


def test_a_failing_job_runs_again_only_as_often_as_its_spec_says(simulation: Simulation) -> None:
    simulation.harmed = True
    simulation.bring("left.wait", "DescribeStep")
    for step in simulation.emr.steps(StepState.RUNNING):
        simulation.emr.finish_step(step, exit_code=1)
    simulation.finish()
    assert simulation.labels("left") == ["1"]
    assert simulation.labels("right") == ["1", "1-1-1"]
    assert simulation.states()["right.wait"] == "success"


def replace_a_lost_cluster_twice(simulation: Simulation) -> None:
    """Two tasks notice the loss at once, and each has made a cluster."""
    simulation.bring("left.wait", "DescribeStep")
    waits = [simulation.bring(task_id, "DescribeStep") for task_id in ("right.wait", "left.wait")]
    simulation.emr.lose_cluster(simulation.emr.live()[0].cluster.cluster_id, Loss.PRIMARY)
    for one in waits:
        while one.worker.at != "RunJobFlow":
            simulation.move(one)
    for one in waits:
        simulation.move(one)


def test_two_tasks_that_replace_a_lost_cluster_at_once_agree_on_one(simulation: Simulation) -> None:
    replace_a_lost_cluster_twice(simulation)
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert len(simulation.emr.store.list_flows()) == 3


def test_what_is_cleared_before_it_could_agree_on_a_cluster_leaves_that_to_the_next(simulation: Simulation) -> None:
    replace_a_lost_cluster_twice(simulation)
    simulation.clear("create_cluster")
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}


def test_a_clear_ends_the_step_that_a_killed_task_left_running(simulation: Simulation) -> None:
    for _ in range(3):
        simulation.move(simulation.bring("left.wait", "DescribeStep"), Order.KILL_BEFORE)
    simulation.clear("left.submit")
    while "left.wait" not in simulation.run.running():
        simulation.go_well(1, finish_steps=False)
    simulation.finish()
    assert simulation.labels("left") == ["1", "2"]
    assert [step.state for step in simulation.emr.steps() if step.name.startswith("left")] == ["CANCELLED", "COMPLETED"]


def test_the_late_end_of_a_wait_task_leaves_the_step_to_its_successor(simulation: Simulation) -> None:
    zombie = simulation.bring("left.wait", "DescribeStep")
    simulation.run.lose_heartbeat("left.wait")
    simulation.go_well(5, finish_steps=False, but=zombie)
    simulation.run.end_leftover(zombie)
    simulation.go_well(10, finish_steps=False)
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert simulation.labels("left") == ["1"]


def test_a_listing_that_fails_for_now_does_not_submit_again_what_ran_on_a_cluster_that_has_ended(
    simulation: Simulation,
) -> None:
    simulation.move(simulation.bring("right.submit", "AddJobFlowSteps"), Order.KILL_AFTER)
    (running,) = simulation.emr.steps(StepState.RUNNING)
    simulation.emr.finish_step(running, exit_code=0)
    simulation.emr.lose_cluster(running.cluster_id, Loss.IDLE)
    simulation.move(simulation.bring("right.submit", "ListSteps"), Order.ERROR_BEFORE)
    simulation.finish()
    assert simulation.labels("right") == ["1"]


def test_a_submission_that_was_lost_with_its_cluster_shares_no_prefix_with_the_next(simulation: Simulation) -> None:
    simulation.move(simulation.bring("left.submit", "AddJobFlowSteps"), Order.KILL_AFTER)
    (running,) = simulation.emr.steps(StepState.RUNNING)
    simulation.emr.lose_cluster(running.cluster_id, Loss.PRIMARY)
    simulation.clear("join.submit")  # with it the cluster, but not the step that is being submitted
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert len(simulation.labels("left")) > 1
    assert len(set(simulation.labels("left"))) == len(simulation.labels("left"))


def test_a_submit_task_that_is_cleared_while_it_runs_submits_anew(simulation: Simulation) -> None:
    one = simulation.bring("left.submit", "AddJobFlowSteps")
    simulation.move(one)
    simulation.clear("left.submit")
    while simulation.run.records["left.submit"].try_number == 1:
        simulation.go_well(1, finish_steps=False)
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert simulation.labels("left") == ["1", "1-0-2"]


def test_the_late_end_of_a_submit_task_leaves_the_step_to_its_successor(simulation: Simulation) -> None:
    zombie = simulation.bring("left.submit", "AddJobFlowSteps")
    simulation.move(zombie)
    simulation.run.lose_heartbeat("left.submit")
    while "left.wait" not in simulation.run.running():
        simulation.go_well(1, finish_steps=False, but=zombie)
    simulation.run.end_leftover(zombie)
    simulation.go_well(10, finish_steps=False)
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert simulation.labels("left") == ["1"]


def test_the_late_end_of_a_create_task_leaves_the_cluster_to_its_successor(simulation: Simulation) -> None:
    zombie = simulation.bring("create_cluster", "DescribeCluster")
    simulation.run.lose_heartbeat("create_cluster")
    while "left.wait" not in simulation.run.running():
        simulation.go_well(1, finish_steps=False, but=zombie)
    simulation.run.end_leftover(zombie)
    simulation.go_well(10, finish_steps=False)
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert len(simulation.emr.store.list_flows()) == 1


def test_a_submit_task_that_was_only_taken_for_dead_writes_a_prefix_of_its_own(simulation: Simulation) -> None:
    zombie = simulation.bring("left.submit", "AddJobFlowSteps")
    simulation.run.lose_heartbeat("left.submit")
    while "left.wait" not in simulation.run.running():
        simulation.go_well(1, finish_steps=False, but=zombie)
    simulation.move(zombie)
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert sorted(simulation.labels("left")) == ["1", "1-0-2"]
    assert simulation.published("left") == "1-0-2"


def test_any_order_of_events(dag: DAG) -> None:
    Interleavings.dag, Interleavings.executed = dag, 0
    run_state_machine_as_test(
        Interleavings,
        settings=settings(max_examples=15, stateful_step_count=30, deadline=None, derandomize=True, database=None),
    )
    assert Interleavings.executed >= 300


@pytest.mark.slow
def test_ten_thousand_orders_of_events(dag: DAG, capsys: pytest.CaptureFixture[str]) -> None:
    """New orders each time, but the same ones with CI=true (hypothesis sees to that)."""
    Interleavings.dag, Interleavings.executed = dag, 0
    run_state_machine_as_test(
        Interleavings,
        settings=settings(
            max_examples=300,
            stateful_step_count=60,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        sys.stdout.write(f" {Interleavings.executed} events in random orders ")
    assert Interleavings.executed >= 10_000

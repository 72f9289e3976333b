"""Whatever kills, retries, clears, faults and losses befall a run, in whatever order: one cluster, one submission of a step, one writer of an output, nothing left."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TypeVar

import pytest
from airflow.sdk import DAG
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from emr_local.losses import Loss
from emr_local.records import StepRecord, StepState
from tests.reliability.simulation import Simulation, build_dag
from tests.reliability.stepwise import FAULTS, KILLS, Order

T = TypeVar("T")
NUMBERS = st.integers(0, 5)
CLEARABLE = ["create_cluster", "left.submit", "left.wait", "right.submit", "right.wait", "join.submit", "join.wait"]


@pytest.fixture(scope="session")
def dag(tmp_path_factory: pytest.TempPathFactory) -> DAG:
    return build_dag(tmp_path_factory.mktemp("interleavings"))


@pytest.fixture
def simulation(dag: DAG):
    made = Simulation(dag)
    yield made
    made.close()


def test_an_undisturbed_run_succeeds(simulation: Simulation) -> None:
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert len(simulation.emr.store.list_flows()) == 1
    assert len(simulation.emr.steps()) == 3


class Interleavings(RuleBasedStateMachine):
    """Random orders of everything that may happen. Numbers are drawn and taken modulo what there is, so that most rules can always run."""

    dag: DAG
    executed = 0

    def __init__(self) -> None:
        super().__init__()
        self.simulation = Simulation(self.dag)

    def teardown(self) -> None:
        try:
            self.simulation.finish()
        finally:
            self.simulation.close()

    @invariant()
    def promises_are_kept(self) -> None:
        type(self).executed += 1
        self.simulation.check()

    @precondition(lambda self: self.simulation.run.runnable())
    @rule(number=NUMBERS)
    def start(self, number: int) -> None:
        self.simulation.start(_choose(self.simulation.run.runnable(), number))

    @precondition(lambda self: self.simulation.run.tries())
    @rule(number=NUMBERS, calls=st.integers(1, 12))
    def go_on(self, number: int, calls: int) -> None:
        one = _choose(self.simulation.run.tries(), number)
        for _ in range(calls):
            if one.worker.done:
                break
            self.simulation.move(one)
            self.simulation.check()

    @precondition(lambda self: self.simulation.run.tries())
    @rule(number=NUMBERS, order=st.sampled_from([*FAULTS, *KILLS]))
    def disturb(self, number: int, order: Order) -> None:
        self.simulation.move(_choose(self.simulation.run.tries(), number), order)

    @rule(rounds=st.integers(1, 10))
    def go_well(self, rounds: int) -> None:
        self.simulation.go_well(rounds)

    @rule(seconds=st.sampled_from([1.0, 30.0, 400.0, 1000.0]))
    def pass_time(self, seconds: float) -> None:
        self.simulation.emr.pass_time(seconds)

    @precondition(lambda self: self._running_tasks())
    @rule(number=NUMBERS)
    def fail_by_hand(self, number: int) -> None:
        self.simulation.run.fail_by_hand(_choose(self._running_tasks(), number))

    @precondition(lambda self: self._running_tasks())
    @rule(number=NUMBERS)
    def lose_heartbeat(self, number: int) -> None:
        self.simulation.run.lose_heartbeat(_choose(self._running_tasks(), number))

    @precondition(lambda self: self.simulation.run.leftovers)
    @rule(number=NUMBERS)
    def end_leftover(self, number: int) -> None:
        self.simulation.run.end_leftover(_choose(self.simulation.run.leftovers, number))

    @rule(task_id=st.sampled_from(CLEARABLE))
    def clear(self, task_id: str) -> None:
        self.simulation.clear(task_id)

    @precondition(lambda self: self._steps(StepState.RUNNING))
    @rule(number=NUMBERS, exit_code=st.sampled_from([0, 0, 1]))
    def end_step(self, number: int, exit_code: int) -> None:
        self.simulation.emr.finish_step(_choose(self._steps(StepState.RUNNING), number), exit_code=exit_code)

    @precondition(lambda self: self._steps(StepState.RUNNING))
    @rule(number=NUMBERS)
    def interrupt_step(self, number: int) -> None:
        self.simulation.emr.interrupt_step(_choose(self._steps(StepState.RUNNING), number))

    @precondition(lambda self: self._steps(StepState.RUNNING, StepState.PENDING))
    @rule(number=NUMBERS)
    def cancel_step_from_the_console(self, number: int) -> None:
        self.simulation.emr.cancel_step(_choose(self._steps(StepState.RUNNING, StepState.PENDING), number))

    @rule(stubborn=st.booleans())
    def let_processes_ignore_interrupts(self, stubborn: bool) -> None:
        self.simulation.emr.stubborn = stubborn

    @precondition(lambda self: self.simulation.emr.live())
    @rule(number=NUMBERS, loss=st.sampled_from([Loss.PRIMARY, Loss.IDLE]))
    def lose_cluster(self, number: int, loss: Loss) -> None:
        self.simulation.emr.lose_cluster(_choose(self.simulation.emr.live(), number).cluster.cluster_id, loss)

    @precondition(lambda self: self.simulation.emr.live())
    @rule(number=NUMBERS)
    def terminate_cluster_from_the_console(self, number: int) -> None:
        self.simulation.emr.terminate_cluster(_choose(self.simulation.emr.live(), number).cluster.cluster_id)

    def _running_tasks(self) -> list[str]:
        return [task_id for task_id, record in self.simulation.run.records.items() if record.state == "running"]

    def _steps(self, *states: StepState) -> list[StepRecord]:
        return self.simulation.emr.steps(*states)


def _choose(things: Sequence[T], number: int) -> T:
    return things[number % len(things)]


def test_any_order_of_events(dag: DAG) -> None:
    Interleavings.dag, Interleavings.executed = dag, 0
    run_state_machine_as_test(
        Interleavings,
        settings=settings(max_examples=15, stateful_step_count=30, deadline=None, derandomize=True, database=None),
    )
    assert Interleavings.executed >= 300


@pytest.mark.slow
def test_ten_thousand_orders_of_events(dag: DAG, capsys: pytest.CaptureFixture[str]) -> None:
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

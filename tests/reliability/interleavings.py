"""The rules by which hypothesis drives a simulated run: everything that Airflow, EMR, the network and people may do to it, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from airflow.sdk import DAG
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emr_local.clusters.instance_losses import Loss
from emr_local.resources.records import ClusterState, StepRecord, StepState
from tests.reliability.simulation import Simulation
from tests.reliability.stepwise import FAULTS, KILLS, Order

T = TypeVar("T")
NUMBERS = st.integers(0, 5)
CLEARABLE = ["create_cluster", "left.submit", "left.wait", "right.submit", "right.wait", "join.submit", "join.wait"]


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

    @initialize(rounds=st.integers(0, 40), finish_steps=st.booleans())
    def begin(self, rounds: int, finish_steps: bool) -> None:
        """Most of what can go wrong needs a run that has come somewhere."""
        self.simulation.go_well(rounds, finish_steps=finish_steps)

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

    @precondition(lambda self: self.simulation.run.running())
    @rule(number=NUMBERS, calls=st.integers(0, 8), order=st.sampled_from(KILLS))
    def kill_within_a_few_calls(self, number: int, calls: int, order: Order) -> None:
        one = self.simulation.run.records[_choose(self.simulation.run.running(), number)].current
        assert one is not None
        for _ in range(calls):
            if not one.worker.done:
                self.simulation.move(one)
        if not one.worker.done:
            self.simulation.move(one, order)

    @rule(rounds=st.integers(1, 10), finish_steps=st.booleans())
    def go_well(self, rounds: int, finish_steps: bool) -> None:
        self.simulation.go_well(rounds, finish_steps=finish_steps)

    @rule(seconds=st.sampled_from([1.0, 30.0]))
    def pass_time(self, seconds: float) -> None:
        self.simulation.emr.pass_time(seconds)

    @precondition(lambda self: self.simulation.run.running())
    @rule(number=NUMBERS)
    def fail_by_hand(self, number: int) -> None:
        self.simulation.harmed = True
        self.simulation.run.fail_by_hand(_choose(self.simulation.run.running(), number))

    @precondition(lambda self: self.simulation.run.running())
    @rule(number=NUMBERS, rounds=st.integers(0, 15), ended=st.booleans())
    def take_for_dead(self, number: int, rounds: int, ended: bool) -> None:
        """A process is frozen while another try takes its place; then its supervisor ends it, or it goes on."""
        task_id = _choose(self.simulation.run.running(), number)
        frozen = self.simulation.run.records[task_id].current
        assert frozen is not None
        self.simulation.run.lose_heartbeat(task_id)
        self.simulation.go_well(rounds, finish_steps=False, but=frozen)
        if ended:
            self.simulation.run.end_leftover(frozen)

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
        self.simulation.harmed |= exit_code != 0
        self.simulation.emr.finish_step(_choose(self._steps(StepState.RUNNING), number), exit_code=exit_code)

    @precondition(lambda self: self._steps(StepState.RUNNING))
    @rule(number=NUMBERS)
    def interrupt_step(self, number: int) -> None:
        self.simulation.emr.interrupt_step(_choose(self._steps(StepState.RUNNING), number))

    @precondition(lambda self: self._steps(StepState.RUNNING, StepState.PENDING))
    @rule(number=NUMBERS)
    def cancel_step_from_the_console(self, number: int) -> None:
        self.simulation.harmed = True
        self.simulation.emr.cancel_step(_choose(self._steps(StepState.RUNNING, StepState.PENDING), number))

    @rule(stubborn=st.booleans())
    def let_processes_ignore_interrupts(self, stubborn: bool) -> None:
        self.simulation.emr.stubborn = stubborn

    @precondition(lambda self: self.simulation.emr.live())
    @rule(number=NUMBERS)
    def lose_primary_instance(self, number: int) -> None:
        self.simulation.emr.lose_cluster(_choose(self.simulation.emr.live(), number).cluster.cluster_id, Loss.PRIMARY)

    @precondition(lambda self: self._idle_clusters())
    @rule(number=NUMBERS)
    def end_idle_cluster(self, number: int) -> None:
        self.simulation.emr.lose_cluster(_choose(self._idle_clusters(), number), Loss.IDLE)

    @precondition(lambda self: self.simulation.emr.live())
    @rule(number=NUMBERS)
    def terminate_cluster_from_the_console(self, number: int) -> None:
        self.simulation.harmed = True
        self.simulation.emr.terminate_cluster(_choose(self.simulation.emr.live(), number).cluster.cluster_id)

    def _idle_clusters(self) -> list[str]:
        """No cluster idles away in the seconds in which its create task waits for it."""
        if "create_cluster" in self.simulation.run.running():
            return []
        live = [flow.cluster for flow in self.simulation.emr.live()]
        return [cluster.cluster_id for cluster in live if cluster.state is ClusterState.WAITING]

    def _steps(self, *states: StepState) -> list[StepRecord]:
        return self.simulation.emr.steps(*states)


def _choose(things: Sequence[T], number: int) -> T:
    return things[number % len(things)]

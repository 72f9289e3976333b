"""Runs on a real Airflow that a test watches, kills in and looks back on. After each test nothing is broken any more and every run has kept the invariants."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from emr_pipelines.plan.keys import run_key
from tests.fault_control import Faults
from tests.kills.airflow_processes import AirflowProcesses, TaskProcess
from tests.least_privilege import check_accesses
from tests.reliability.aftermath import Aftermath

T = TypeVar("T")


# While another step runs the teardown waits: only the task itself, or the triggerer, can cancel its step then.
BESIDE_ANOTHER = "  - {name: one, command: [sleep, '300']}\n  - {name: two, command: [sleep, '45']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one pipeline, started by hand."""

    airflow: AirflowProcesses
    faults: Faults
    pipeline: str
    run_id: str

    def end(self, *, seconds: float = 180) -> str:
        """Block until the run is over; returns success or failed."""
        return self.airflow.wait_for_run(self.pipeline, self.run_id, seconds=seconds)

    def states(self) -> dict[str, str | None]:
        """The state of every task."""
        return self.airflow.rest.task_states(self.pipeline, self.run_id)

    def tries(self, task_id: str) -> int:
        """How often a task was started."""
        return int(self.airflow.rest.tasks(self.pipeline, self.run_id)[task_id]["try_number"])

    def xcom(self, task_id: str, key: str = "return_value") -> Any:
        """What a task handed on; None if it handed on nothing under the key."""
        return self.airflow.rest.xcom(self.pipeline, self.run_id, task_id, key)

    def log(self, task_id: str, *, attempt: int | None = None) -> str:
        """What one try of a task wrote, or all of them."""
        return self.airflow.task_log(self.pipeline, self.run_id, task_id, attempt=attempt)

    def wait_for_state(self, task_id: str, *states: str, seconds: float = 90) -> None:
        """Block until the task is in one of the states."""
        self.airflow.wait_for_state(self.pipeline, self.run_id, task_id, *states, seconds=seconds)

    def wait_for_try(self, task_id: str, number: int) -> None:
        """Block until the task runs for the `number`-th time."""
        self.airflow.wait_until(f"try {number} of {task_id}", lambda: self.tries(task_id) >= number, 90)
        self.wait_for_state(task_id, "running")

    def process(self, task_id: str) -> TaskProcess:
        """The processes of a task; blocks until it runs."""
        return self.airflow.wait_for_task(self.pipeline, self.run_id, task_id)

    def kill_child(self, task_id: str) -> TaskProcess:
        """SIGKILL to the process that runs the operator; its supervisor lives on."""
        task = self.process(task_id)
        os.kill(task.child, signal.SIGKILL)
        return task

    def lose_worker(self, task_id: str) -> TaskProcess:
        """SIGKILL to the task's supervisor and its child, as when their host is lost: nobody tells Airflow."""
        task = self.process(task_id)
        os.kill(task.supervisor, signal.SIGKILL)
        os.kill(task.child, signal.SIGKILL)
        return task

    @property
    def aftermath(self) -> Aftermath:
        """What the run left on EMR."""
        return Aftermath(self.airflow.emr, self.pipeline, run_key(self.pipeline, self.run_id))

    def clusters(self) -> list[str]:
        """All clusters that the run ever had, oldest first."""
        return self.aftermath.clusters()

    def steps(self, step: str) -> list[dict[str, Any]]:
        """All submissions of one step, in the order of submission."""
        return self.aftermath.steps(step)

    def step_states(self, step: str) -> list[str]:
        """The states of all submissions of one step, in the order of submission."""
        return [one["Status"]["State"] for one in self.steps(step)]

    def wait_for_step(self, step: str, state: str = "RUNNING", *, count: int = 1) -> None:
        """Block until the `count`-th submission of a step is in the state."""
        self.airflow.wait_until(
            f"{step} number {count} to be {state}", lambda: self.step_states(step)[count - 1 : count] == [state], 90
        )

    def wait_until_watched(self, step: str) -> None:
        """Block until a step runs and its waiting task, or the triggerer, has looked at it since."""
        self.wait_for_step(step)
        seen = self.faults.counts()["DescribeStep"]
        self.airflow.wait_until(f"a look at {step}", lambda: self.faults.counts()["DescribeStep"] > seen, 60)


@dataclass(slots=True)
class Stage:
    """Starts runs, and cleans up after a test."""

    airflow: AirflowProcesses
    faults: Faults
    runs: list[Run] = field(default_factory=list)

    def start(
        self,
        pipeline: str,
        steps: str,
        *,
        cluster: str = "",
        more: str = "",
        dag_lines: str = "",
        conf: dict[str, Any] | None = None,
    ) -> Run:
        """Add a pipeline and trigger its run `r1`. `dag_lines` is Python below `dag = …`; calls of EMR are counted from here."""
        self.airflow.add_pipeline(pipeline, steps, cluster=cluster, more=more, dag_lines=dag_lines)
        run = self.look_at(pipeline, "r1")
        self.airflow.rest.trigger(pipeline, run.run_id, conf)
        return run

    def look_at(self, pipeline: str, run_id: str) -> Run:
        """A run that is started by somebody else; its invariants are checked too."""
        run = Run(airflow=self.airflow, faults=self.faults, pipeline=pipeline, run_id=run_id)
        self.runs.append(run)
        return run

    def wait_for_hit(self, count: int = 1, *, seconds: float = 90) -> None:
        """Block until the faults have struck `count` calls, also those that still hang."""
        self.airflow.wait_until(f"fault number {count} to strike", lambda: self.faults.struck() >= count, seconds)

    def wait_until(self, what: str, condition: Callable[[], T | None], seconds: float = 60) -> T:
        """Block until the condition gives something true, and return that."""
        return self.airflow.wait_until(what, condition, seconds)

    def counts(self) -> Counter[str]:
        """The EMR calls of the test so far by operation, the test's own looks included."""
        return self.faults.counts()

    def restore(self) -> None:
        """No faults, all components up."""
        self.airflow.start_missing()
        self.faults.clear()

    def check(self) -> None:
        """The invariants of every run that was started; with JUDGE_ACCESSES also that Airflow's role may do all that they did."""
        check_accesses(self.airflow.emr_url, self.airflow.project, [run.pipeline for run in self.runs])
        for run in self.runs:
            run.aftermath.check()

"""One run of a real DAG with Airflow's part played here: tries, retries, clears, setups and teardown. The operators are the project's own, each try in a worker of its own.

What is played follows airflow/models/taskinstance.py (clear_task_instances, is_eligible_to_retry), ti_deps/deps/trigger_rule_dep.py and
sdk/execution_time/supervisor.py (SIGTERM runs on_kill and ends nothing; SIGKILL after five seconds).
"""

from __future__ import annotations

import copy
import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import DAG

from emr_pipelines.dag.macros import SPEC_KEY
from emr_pipelines.pipeline_spec.notation.task_names import CREATE_TASK, PUBLISH_TASK, TERMINATE_TASK, VERDICT_TASK
from tests.reliability.stepwise import KILLS, Order, Worker, current_worker

RETRY_DELAY_SECONDS = 10.0
KILL_AFTER_SECONDS = 5.0
_DONE = frozenset({"success", "failed", "upstream_failed"})
_WAITING = (None, "up_for_retry")
_NO_CALL = ("sleep", "XCom")


@dataclass(slots=True, eq=False)
class Try:
    """One try of a task: its process, and when that is killed if it was told to go."""

    task_id: str
    number: int
    worker: Worker
    operator: Any
    killed_at: float | None = None


@dataclass(slots=True)
class TaskRecord:
    """A task instance as Airflow's database has it; `current` is the try that may still change it."""

    retries: int
    max_tries: int
    state: str | None = None
    try_number: int = 0
    current: Try | None = None


@dataclass(slots=True)
class SimulatedRun:
    """The tasks of one run. `now` is the clock, `pass_time` moves it."""

    dag: DAG
    run_id: str
    now: Callable[[], float]
    pass_time: Callable[[float], None]
    records: dict[str, TaskRecord] = field(default_factory=dict)
    xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)
    leftovers: list[Try] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    clear_number: int = 0
    ids: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        """Every task but the verdict, which sends nothing, starts without a state."""
        for task in self.dag.tasks:
            if task.task_id != VERDICT_TASK:
                retries = task.retries or 0
                self.records[task.task_id] = TaskRecord(retries=retries, max_tries=retries)

    def runnable(self) -> list[str]:
        """The tasks that the scheduler would start now."""
        self._fail_the_unreachable()
        return [
            task_id for task_id, record in self.records.items() if record.state in _WAITING and self._is_due(task_id)
        ]

    def running(self) -> list[str]:
        """The tasks that Airflow takes for running."""
        return [task_id for task_id, record in self.records.items() if record.state == "running"]

    def tries(self) -> list[Try]:
        """All processes that live: those that Airflow knows, then those that it gave up."""
        return [record.current for record in self.records.values() if record.current is not None] + self.leftovers

    def start(self, task_id: str) -> None:
        """The next try of a task."""
        record = self.records[task_id]
        if record.state == "up_for_retry":
            self.pass_time(RETRY_DELAY_SECONDS)
        record.try_number += 1
        self.xcoms = {place: value for place, value in self.xcoms.items() if place[0] != task_id}
        if task_id == PUBLISH_TASK:
            self._publish(record)
            return
        operator = copy.copy(self.dag.get_task(task_id))
        ti = SimpleNamespace(
            id=f"ti-{next(self.ids)}",
            task_id=task_id,
            try_number=record.try_number,
            max_tries=record.max_tries,
            xcom_pull=self._pull,
            xcom_push=lambda key, value: self._push(task_id, key, value),
        )
        worker = Worker(lambda: self._execute(operator, ti))
        record.state, record.current = "running", Try(task_id, record.try_number, worker, operator)
        worker.start()
        self._settle(record.current)

    def move(self, one: Try, order: Order = Order.ANSWER) -> None:
        """One process ends its present call in this way and goes on to its next one; one that sleeps wakes up first."""
        worker = one.worker
        if worker.at == "sleep" and order not in KILLS:
            self.pass_time(max(worker.wake_at - self.now(), 0.0))
        if one.killed_at is not None and self.now() >= one.killed_at:
            order = Order.KILL_BEFORE
        if worker.at in _NO_CALL:
            order = Order.KILL_BEFORE if order in KILLS else Order.ANSWER
        if order is Order.KILL_BEFORE:
            worker.kill()
        else:
            worker.move(order)
        self._settle(one)

    def fail_by_hand(self, task_id: str) -> None:
        """Somebody marks a running task as failed."""
        record = self.records[task_id]
        assert record.current is not None
        self._tell_to_go(record.current)
        self.leftovers.append(record.current)
        record.state, record.current = "failed", None

    def lose_heartbeat(self, task_id: str) -> None:
        """Airflow takes a process for dead that lives; it goes on until somebody ends it."""
        record = self.records[task_id]
        assert record.current is not None
        self.leftovers.append(record.current)
        record.current = None
        self._retry_or_fail(record)

    def end_leftover(self, one: Try) -> None:
        """The supervisor of a process that Airflow has given up learns of it (HTTP 409 on its heartbeat)."""
        if one.killed_at is None:
            self._tell_to_go(one)

    def clear(self, task_id: str) -> None:
        """Somebody clears a task and all after it; the setups and the teardown go with it."""
        subset = self.dag.partial_subset([task_id], include_downstream=True, include_upstream=False)
        self.clear_number += 1
        for cleared in subset.task_ids:
            if cleared != VERDICT_TASK:
                self._clear(self.records[cleared])

    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return not self.tries() and not self.runnable()

    def _clear(self, record: TaskRecord) -> None:
        if record.state == "running":
            assert record.current is not None
            record.state = "restarting"
            self._tell_to_go(record.current)
        elif record.state != "restarting":
            record.max_tries, record.state = record.try_number + record.retries, None

    def _tell_to_go(self, one: Try) -> None:
        one.killed_at = self.now() + KILL_AFTER_SECONDS
        one.worker.signal(one.operator.on_kill)

    def _fail_the_unreachable(self) -> None:
        for task_id, record in self.records.items():
            states = self._upstream_states(task_id)
            if task_id == TERMINATE_TASK:
                unreachable = set(states.values()) <= _DONE and "success" not in self._setup_states()
            else:
                unreachable = not _DONE.isdisjoint(set(states.values()) - {"success"})
            if record.state in _WAITING and unreachable:
                record.state = "upstream_failed"

    def _is_due(self, task_id: str) -> bool:
        states = self._upstream_states(task_id)
        if task_id == TERMINATE_TASK:
            return set(states.values()) <= _DONE and "success" in self._setup_states()
        return all(state == "success" for state in states.values())

    def _setup_states(self) -> list[str | None]:
        return [self.records[name].state for name in (PUBLISH_TASK, CREATE_TASK)]

    def _upstream_states(self, task_id: str) -> dict[str, str | None]:
        task = self.dag.get_task(task_id)
        names = set(task.upstream_task_ids)
        if not task.is_teardown:
            names |= {setup.task_id for setup in task.get_upstreams_only_setups()}
        return {name: self.records[name].state for name in names}

    def _publish(self, record: TaskRecord) -> None:
        operator: Any = self.dag.get_task(PUBLISH_TASK)
        self.xcoms[PUBLISH_TASK, "return_value"] = "s3://emr-pipelines-local/code/0"
        self.xcoms[PUBLISH_TASK, SPEC_KEY] = operator.spec_digest
        record.state = "success"

    def _execute(self, operator: Any, ti: Any) -> None:
        moment = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
        dag_run = SimpleNamespace(
            dag_id=self.dag.dag_id,
            run_id=self.run_id,
            clear_number=self.clear_number,
            logical_date=moment,
            run_after=moment,
        )
        context = {"ti": ti, "dag_run": dag_run, "params": {}, "task": operator, "dag": self.dag}
        operator.render_template_fields(context)
        result = operator.execute(context)
        if result is not None:
            ti.xcom_push("return_value", result)

    def _pull(self, *, task_ids: str, key: str, include_prior_dates: bool = False) -> Any:
        del include_prior_dates  # there is no earlier run
        return self.xcoms.get((task_ids, key))

    def _push(self, task_id: str, key: str, value: Any) -> None:
        worker = current_worker()
        assert worker is not None
        worker.pause("XCom")
        self.xcoms[task_id, key] = value

    def _settle(self, one: Try) -> None:
        """Take in how a process ended, if it has."""
        if not one.worker.done:
            return
        record = self.records[one.task_id]
        if record.current is not one:
            self.leftovers.remove(one)
            return
        record.current = None
        error = one.worker.error
        if error is not None:
            self.failures.append(f"{one.task_id}, try {one.number}: {error or type(error).__name__}")
        if record.state == "restarting":
            record.state = "up_for_retry"
        elif error is None:
            record.state = "success"
        elif isinstance(error, AirflowFailException):
            record.state = "failed"
        else:
            self._retry_or_fail(record)

    def _retry_or_fail(self, record: TaskRecord) -> None:
        if record.state == "restarting":
            record.state = "up_for_retry"
            return
        record.state = "up_for_retry" if record.try_number <= record.max_tries else "failed"

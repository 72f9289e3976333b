"""What happens to a run's cluster and to the try of a task that asks for it: ends from outside, ends of tries, and short time-outs."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from emr_pipelines.emr.clusters import describe
from emr_pipelines.emr.emr_api import READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG
from tests.reliability.midway import PATIENCE_SECONDS, wait_for
from tests.reliability.runs import Outcome, Runner

ONE_STEP = "  - {name: one, command: [echo, hi]}"


@dataclass(slots=True)
class At:
    """A `during` for Runner.run: `act` is called once, when a task comes to a state, before anything else happens in the run."""

    task: str
    state: str
    act: Callable[[], None]
    done: bool = False

    def __call__(self, event: dict[str, Any]) -> None:
        if not self.done and (event["task"], event["state"]) == (self.task, self.state):
            self.done = True
            self.act()


def check_sent_again(runner: Runner, operation: str, times: int) -> None:
    """After `times` refusals the write was sent as often again, with growing pauses; nothing else was called for it."""
    assert runner.faults.hits() == times
    sent = [call["time"] for call in runner.faults.calls() if call["operation"] == operation]
    assert len(sent) == times + 1
    for number, (before, after) in enumerate(itertools.pairwise(sent)):
        assert after - before >= 2**number, "the pauses grow"


def cluster_of(runner: Runner, dag: DAG) -> str:
    """The only live cluster of a pipeline; a call that a fault holds may still be about to make it."""

    def find() -> list[str]:
        states: list[Any] = ["STARTING", "RUNNING", "WAITING"]
        pages = runner.api.read.get_paginator("list_clusters").paginate(ClusterStates=states)
        return [one["Id"] for page in pages for one in page["Clusters"] if f"/{dag.dag_id}/" in one["Name"]]

    (cluster_id,) = wait_for(find, f"a cluster of {dag.dag_id}")
    return cluster_id


def end_of(runner: Runner, cluster_id: str) -> str:
    """The state, code and message with which a cluster has ended; empty while it has not."""
    status = describe(runner.api, cluster_id)["Status"]
    if not status["State"].startswith("TERMINATED"):
        return ""
    reason = status.get("StateChangeReason", {})
    return f"{status['State']} {reason.get('Code')} {reason.get('Message')}"


def ends(runner: Runner, outcome: Outcome) -> list[str]:
    """How each cluster of a run has ended, oldest first."""
    return [end_of(runner, cluster_id) for cluster_id in runner.clusters(outcome)]


def lose_cluster(runner: Runner, dag: DAG, kind: str) -> None:
    """The run's cluster is lost (see Faults.lose), or ended by a `user`; returns when it is gone."""
    cluster_id = cluster_of(runner, dag)
    if kind == "user":
        runner.api.read.terminate_job_flows(JobFlowIds=[cluster_id])
    else:
        runner.faults.lose(cluster_id, kind)
    wait_for(lambda: end_of(runner, cluster_id), f"the end of {cluster_id}")


@dataclass(slots=True)
class InFlight:
    """A `during` for Runner.run: while a task's call is held by a fault, `act` is called in a thread, once."""

    runner: Runner
    task_id: str
    act: Callable[[], None]
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _done: Future[None] | None = None

    def __call__(self, event: dict[str, Any]) -> None:
        if self._done is None and (event["task"], event["state"]) == (self.task_id, "running"):
            self._done = self._threads.submit(self._act)

    def check(self) -> None:
        """Wait for the act; raises what it raised."""
        assert self._done is not None, f"{self.task_id} never ran"
        self._done.result(PATIENCE_SECONDS)
        self._threads.shutdown()

    def _act(self) -> None:
        wait_for(self.runner.faults.struck, f"a call of {self.task_id} that hangs")
        self.act()


def dying_try(runner: Runner, dag: DAG, task_id: str, *, on_kill: bool) -> InFlight:
    """A task's first try is ended by Airflow while its call hangs in a fault. Without `on_kill` as by SIGKILL: the task cannot do anything about it."""
    task: Any = dag.get_task(task_id)
    # Airflow then ends the task at SIGALRM.
    task.execution_timeout = timedelta(minutes=5)
    if not on_kill:
        task.on_kill = lambda: None
    main = threading.main_thread().ident or 0
    return InFlight(runner, task_id, lambda: signal.pthread_kill(main, signal.SIGALRM))


def answer_within(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The writing clients of this process wait so long for an answer, and not 20 s, which would make a test slow."""
    monkeypatch.setitem(WRITE_CLIENT_CONFIG, "read_timeout", seconds)


def ask_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reading clients of this process send a call twice at most, and not ten times, which takes a minute."""
    monkeypatch.setitem(READ_CLIENT_CONFIG, "retries", {"mode": "standard", "total_max_attempts": 2})


def check_green(runner: Runner, outcome: Outcome, *, clusters: int = 1) -> None:
    """The run succeeded with so many clusters and one submission."""
    assert outcome.state == "success"
    assert [len(runner.clusters(outcome)), len(runner.steps(outcome, "one"))] == [clusters, 1]

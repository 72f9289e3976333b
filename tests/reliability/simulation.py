"""A run of a small pipeline in a simulated Airflow against a simulated EMR, and what must hold at every moment of it."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tenacity
import tenacity.nap
from airflow.sdk import DAG

from emr_local.clusters import journal
from emr_local.resources.records import ACTIVE_STEP_STATES, StepRecord, StepState
from emr_pipelines.dag import aws_clients
from emr_pipelines.dag.factory import emit_dag
from emr_pipelines.dag.operators import CreateClusterOperator
from emr_pipelines.dag.sensor import WaitForStepSensor
from emr_pipelines.emr import polling, step_watch
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.pipeline_spec.notation.task_names import OUTPUT_KEY, TERMINATE_TASK
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.keys import label_order, parse_step_name
from emr_pipelines.plan.runs.run_scope import whole_run
from emr_pipelines.plan.task_ids import wait_task
from emr_pipelines.storage.attempts import PUBLISHED
from tests.conftest import REPOSITORY
from tests.reliability.simulated_airflow import SimulatedRun, Try
from tests.reliability.simulated_emr import BUCKET, SimulatedEmr
from tests.reliability.stepwise import Clock, Order

PIPELINE = "interleaved"
STEPS = ("left", "right", "join")
JOB_RETRIES = {"left": 0, "right": 1, "join": 0}
SPEC = f"""
name: {PIPELINE}
cluster: {{primary: {{instances: [m5.xlarge]}}, step_concurrency: 2}}
steps:
  - {{name: left, command: [make, "${{steps.left.output}}"], output: text}}
  - {{name: right, command: [make, "${{steps.right.output}}"], output: text, retries: 1}}
  - {{name: join, command: [join, "${{steps.left.output}}", "${{steps.right.output}}", "${{steps.join.output}}"], output: text}}
"""
START = dt.datetime(2026, 11, 21, tzinfo=dt.UTC).timestamp()
_MOST_MOVES = 3000


@contextmanager
def simulated_time(clock: Clock) -> Iterator[None]:
    """Waiting is a move of this clock; and the journal is not forced to the disk, for which thousands of moves would wait."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (tenacity, tenacity.nap, polling):
            patch.setattr(module, "time", clock)
        patch.setattr(step_watch, "utc_now", lambda: dt.datetime.fromtimestamp(clock.now, dt.UTC))
        patch.setattr(journal, "os", SimpleNamespace(fsync=lambda _: None))
        yield


def _hook_of(client: Any) -> SimpleNamespace:
    """Stands for the provider's hook of a service."""
    return SimpleNamespace(conn=client, region_name=None, get_client_type=lambda **_: client)


def build_dag(root: Path) -> DAG:
    """The DAG of SPEC, in a project that holds nothing else."""
    (root / "config" / "pipelines").mkdir(parents=True)
    shutil.copytree(REPOSITORY / "config" / "environments", root / "config" / "environments")
    file = root / "config" / "pipelines" / f"{PIPELINE}.yaml"
    file.write_text(SPEC)
    plan = build_plan(load_pipeline(file, environment="local", project_root=root))
    dag = emit_dag(whole_run(plan), dag_folder=root)
    for task in dag.tasks:
        if isinstance(task, WaitForStepSensor | CreateClusterOperator):
            task.log_patience_seconds = 0.0  # nobody writes logs here
    return dag


class Simulation:
    """One run, what was done to it, and what was promised about it."""

    numbers = itertools.count()

    def __init__(self, dag: DAG) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.clock = Clock(START)
        self.emr = SimulatedEmr(Path(self._folder.name), self.clock, self._note)
        self.run = SimulatedRun(dag, f"run-{next(self.numbers)}", lambda: self.clock.now, self.emr.pass_time)
        self.violations: list[str] = []
        # Somebody or the job itself did what a run is meant to fail of.
        self.harmed = False
        self._by_leftovers: set[str] = set()
        self._seen: dict[Try, int] = {}
        # Tries that made a second cluster, since two tasks replaced a lost one at once; they have to agree before they go on.
        self._racing: set[Try] = set()
        self._cut_off = 0
        self._failed_before_clear = dict.fromkeys(STEPS, 0)
        self._published: dict[str, str] = {}
        self._patches = pytest.MonkeyPatch()
        hooks = {service: _hook_of(client) for service, client in (("emr", self.emr.emr), ("s3", self.emr.s3))}
        self._patches.setattr(aws_clients, "SharedModelsHook", lambda client_type, **_: hooks[client_type])
        self._time = simulated_time(self.clock)
        self._time.__enter__()

    def close(self) -> None:
        """End every process, and undo what was put in the place of real time and real clients."""
        for one in self.run.tries():
            one.worker.kill()
        self._time.__exit__(None, None, None)
        self._patches.undo()
        self.emr.store.close()
        self._folder.cleanup()

    def start(self, task_id: str) -> None:
        """The scheduler starts the next try of a task."""
        self.run.start(task_id)

    def move(self, one: Try, order: Order = Order.ANSWER) -> None:
        """A process goes on to its next call."""
        self.run.move(one, order)
        if one.worker.done and one in self._racing:
            self._racing.discard(one)
            self._cut_off += one.worker.error is not None

    def clear(self, task_id: str) -> None:
        """Somebody clears a task and all after it."""
        self.run.clear(task_id)
        for step in STEPS:
            self._failed_before_clear[step] = self._failures(step)

    def bring(self, task_id: str, at: str) -> Try:
        """Let everything go well until a task stands at a call."""
        for _ in range(_MOST_MOVES):
            one = self.run.records[task_id].current
            if one is not None and one.worker.at == at:
                return one
            self.go_well(1, finish_steps=not task_id.endswith("wait"))
        raise AssertionError(f"{task_id} never came to {at}")

    def go_well(self, rounds: int, *, finish_steps: bool = True, but: Try | None = None) -> None:
        """For a while everything goes as it should, `but` for a process that stands still; the steps end well, or run on."""
        for _ in range(rounds):
            for task_id in self.run.runnable():
                self.start(task_id)
            for one in self.run.tries():
                if one is not but:
                    self.move(one)
                    self.check()
            for step in self.emr.steps(StepState.RUNNING) if finish_steps else ():
                self.emr.finish_step(step, exit_code=0)

    def finish(self) -> None:
        """Let the run come to its end, and see that nothing is left of it."""
        self.emr.stubborn = False
        for _ in range(_MOST_MOVES):
            if self.run.is_over():
                break
            for one in self.run.leftovers:
                self.run.end_leftover(one)
            self.go_well(1)
        assert self.run.is_over(), f"the run does not end: {self.states()}"
        self.check()
        healthy = set(self.states().values()) == {"success"}
        assert healthy or self.harmed, f"the run failed without a cause: {self.run.failures}"
        self.emr.pass_time(24 * 3600.0)
        assert not self.emr.live(), "a cluster outlived its idle timeout"

    def published(self, step: str) -> str | None:
        """The label of the published attempt."""
        record = self.emr.bucket.objects.get(f"{BUCKET}/runs/{PIPELINE}/{self.run.run_id}/{step}/{PUBLISHED}")
        return None if record is None else json.loads(record)["attempt"]

    def labels(self, step: str) -> list[str]:
        """The labels of all submissions of a step."""
        keys = [parse_step_name(one.name) for one in self._submissions(step)]
        return [key.label for key in keys if key is not None]

    def states(self) -> dict[str, str | None]:
        """The states of the tasks."""
        return {task_id: record.state for task_id, record in self.run.records.items()}

    def check(self) -> None:
        """What is promised at every moment."""
        assert not self.violations, self.violations
        # A task whose tries were used up.
        self.harmed |= any(
            one.state == "failed" and one.try_number > one.max_tries for one in self.run.records.values()
        )
        self._check_clusters()
        for step in STEPS:
            self._check_active(step)
            self._check_outputs(step)
            self._check_published(step)

    def _check_clusters(self) -> None:
        live = [flow.cluster.cluster_id for flow in self.emr.live()]
        ours = [cluster for cluster in live if cluster not in self._by_leftovers]
        if len(ours) <= 1:
            self._cut_off = 0
        spare = len(self._racing) + self._cut_off
        assert len(ours) <= 1 + spare, f"clusters {ours} are live at once; {spare} tasks are about to agree on one"
        if self.run.records[TERMINATE_TASK].state == "success":
            assert not ours, f"{ours} outlived the teardown"

    def _check_active(self, step: str) -> None:
        active = [one for one in self._submissions(step) if one.state in ACTIVE_STEP_STATES]
        ours = [one.name for one in active if one.step_id not in self._by_leftovers]
        assert len(ours) <= 1, f"{ours} are active at once"

    def _check_outputs(self, step: str) -> None:
        for submission in self._submissions(step):
            prefix = submission.args[-1]
            writers = [one for one in self.emr.writers.get(prefix, []) if one not in self._by_leftovers]
            assert len(writers) <= 1, f"{writers} wrote {prefix}"
        if self.run.records[wait_task(step)].state == "success":
            output = self.run.xcoms[wait_task(step), OUTPUT_KEY]
            writer = self.emr.bucket.objects[f"{output.removeprefix('s3://')}/_SUCCESS"].decode()
            (done,) = [one for one in self._submissions(step) if one.step_id == writer]
            assert done.state is StepState.COMPLETED, f"{output} is handed on, but its step is {done.state}"

    def _check_published(self, step: str) -> None:
        label, before = self.published(step), self._published.get(step)
        if label is None:
            assert before is None, f"{step} is no longer published"
            return
        assert before is None or label_order(label) >= label_order(before), f"{step} went back from {before} to {label}"
        self._published[step] = label

    def _submissions(self, step: str) -> list[StepRecord]:
        return [one for one in self.emr.steps() if one.name.split()[0] == step]

    def _failures(self, step: str) -> int:
        """How often the job failed. One that failed before its cluster was lost cannot be told from one that failed of it."""
        lost = {flow.cluster.cluster_id for flow in self.emr.lost()}
        return sum(one.state is StepState.FAILED and one.cluster_id not in lost for one in self._submissions(step))

    def _note(self, operation: str) -> None:
        """A call of a worker had its effect."""
        one = next(one for one in self.run.tries() if one.worker.is_current())
        match operation:
            case "ListClusters":
                self._seen[one] = len(self.emr.live())
            case "RunJobFlow":
                self._note_cluster(one)
            case "AddJobFlowSteps":
                self._note_submission(one)
        if one in self._racing and operation not in (
            "RunJobFlow",
            "ListClusters",
            "DescribeCluster",
            "TerminateJobFlows",
        ):
            self._racing.discard(one)
            # One that was told to go says goodbye instead of agreeing; the next task that needs the cluster agrees.
            self._cut_off += one.killed_at is not None

    def _note_cluster(self, one: Try) -> None:
        created = self.emr.store.list_flows()[-1].cluster
        if created.idle_timeout is None:
            self.violations.append(f"{created.cluster_id} has no idle timeout")
        if self._seen.get(one) != 0:
            self.violations.append(f"{one.task_id} made {created.cluster_id}, but had seen {self._seen.get(one)}")
        if one in self.run.leftovers:
            self._by_leftovers.add(created.cluster_id)
        elif len(self.emr.live()) > 1:
            self._racing.add(one)

    def _note_submission(self, one: Try) -> None:
        made = max(self.emr.steps(), key=lambda step: step.created_at)
        step, key = made.name.split()[0], parse_step_name(made.name)
        if key is None:
            self.violations.append(f"{made.name} carries no key")
        if one in self.run.leftovers:
            self._by_leftovers.add(made.step_id)
        elif sum(each.name == made.name and each.step_id not in self._by_leftovers for each in self.emr.steps()) > 1:
            self.violations.append(f"{made.name} was submitted twice")
        failures = self._failures(step) - self._failed_before_clear[step]
        if failures > JOB_RETRIES[step]:
            self.violations.append(f"{made.name} runs a job again that has failed {failures} times")

"""What happens in the middle of a run: jobs whose first attempt does not end by itself, and an act of somebody while a step is watched."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from airflow.models import TaskInstance
from airflow.sdk import DAG
from airflow.utils.session import create_session

from emr_pipelines.emr.steps import StepHandle
from emr_pipelines.plan.keys import path_safe_run_id
from tests.reliability.runs import Outcome, Runner
from tests.step_writes import PUT

T = TypeVar("T")

_WRITER = f"""{PUT}
import pathlib, sys, time

marker, output, *names = sys.argv[1:]
first = pathlib.Path(marker)
if not first.exists():
    first.touch()
    put(output, "part-of-the-first-attempt")
    time.sleep(300)
for name in names:
    if name == "exit":
        sys.exit("The job gives up.")
    if name == "wait":
        while not pathlib.Path(marker + ".released").exists():
            time.sleep(0.1)
        continue
    put(output, name)
"""
WHOLE = ("part-0", "part-1", "_SUCCESS")
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Jobs:
    """Steps of a spec (YAML list items) that write an output by a small program in `folder`."""

    folder: Path

    def writing(self, name: str, *, names: tuple[str, ...] = WHOLE, more: str = "") -> str:
        """A step that writes these objects to its output."""
        (self.folder / f"{name}.started").touch()
        return self._step(name, names, more)

    def failing(self, name: str, *, more: str = "") -> str:
        """A step that writes a part of its output and fails."""
        return self.writing(name, names=("part-0", "exit"), more=more)

    def waiting(self, name: str, *, more: str = "") -> str:
        """A step that runs until it is released, and then writes its output."""
        return self.writing(name, names=("wait", *WHOLE), more=more)

    def release(self, name: str) -> None:
        """Let a waiting step go on."""
        (self.folder / f"{name}.started.released").touch()

    def hanging_first(self, name: str, *, more: str = "") -> str:
        """A step whose first attempt writes a part of the output and then hangs; a later one writes the whole."""
        return self._step(name, WHOLE, more)

    def _step(self, name: str, names: tuple[str, ...], more: str) -> str:
        program = self.folder / "write_output.py"
        program.write_text(_WRITER)
        words = [sys.executable, str(program), str(self.folder / f"{name}.started")]
        command = ", ".join((*words, f'"${{steps.{name}.output}}"', *names))
        return f"  - {{name: {name}, command: [{command}], output: text{more}}}"


@dataclass(slots=True)
class Midway:
    """A `during` for Runner.run: once a step runs and its wait task has looked at it, `act` is called in a thread, once."""

    runner: Runner
    dag: DAG
    step: str
    act: Callable[[StepHandle], None]
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _done: Future[None] | None = None

    def __call__(self, event: dict[str, Any]) -> None:
        if self._done is None and (event["task"], event["state"]) == (f"{self.step}.wait", "running"):
            self._done = self._threads.submit(self._act)

    def check(self) -> None:
        """Wait for the act; raises what it raised."""
        assert self._done is not None, f"the step {self.step} was never waited for"
        self._done.result(PATIENCE_SECONDS)
        self._threads.shutdown()

    def _act(self) -> None:
        seen = self.runner.faults.counts()["DescribeStep"]
        handle = wait_for(lambda: running_step(self.runner, self.dag, self.step), f"{self.step} to run")
        wait_for(lambda: self.runner.faults.counts()["DescribeStep"] > seen, "a look at the step")
        self.act(handle)


def running_step(runner: Runner, dag: DAG, step: str) -> StepHandle | None:
    """The running submission of a step, if there is one."""
    pages = runner.api.read.get_paginator("list_clusters").paginate(ClusterStates=["RUNNING", "WAITING"])
    clusters = [cluster["Id"] for page in pages for cluster in page["Clusters"] if f"/{dag.dag_id}/" in cluster["Name"]]
    for cluster in clusters:
        for found in runner.api.read.list_steps(ClusterId=cluster, StepStates=["RUNNING"])["Steps"]:
            if found["Name"].split()[0] == step:
                return StepHandle(cluster_id=cluster, step_id=found["Id"])
    return None


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """The first true value that `look` gives."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        value = look()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE_SECONDS:.0f} s in vain for {what}")


def states_in_database(outcome: Outcome) -> dict[str, str | None]:
    """The final state of each task of a run; also of those that never ran."""
    with create_session() as session:
        found = session.query(TaskInstance).filter_by(dag_id=outcome.pipeline, run_id=outcome.run_id)
        return {task.task_id: task.state for task in found}


def objects_below(s3: Any, uri: str) -> dict[str, bytes]:
    """The objects below an s3:// prefix, by their names below it."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
    return {
        item["Key"].removeprefix(f"{prefix}/"): s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        for item in found
    }


def step_folder(outcome: Outcome, step: str) -> str:
    """Where the attempts of a step in a run lie."""
    return f"s3://emr-pipelines-local/runs/{outcome.pipeline}/{path_safe_run_id(outcome.run_id)}/{step}"

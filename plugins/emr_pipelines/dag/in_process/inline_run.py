"""One run of one DAG in this process, as `airflow dags test` makes it, with its progress as JSON lines on a file descriptor.

Run as `python -m emr_pipelines.dag.in_process.inline_run DAG_FILE --events FD …`; the command line starts it, since only this room may import Airflow. It prepares all it can. Then
it reads what to run from its standard input: a line with a JSON list of `--date …`, `--conf …`, `--selection …`. When the input ends without one, it runs nothing. With
`--selection` the DAG holds only these steps. Their run has no date of its own: Airflow would delete the record of the real run of that date.
"""

from __future__ import annotations

import argparse
import fcntl
import gc
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

if __name__ == "__main__":
    # Until `Interruption` is there, Ctrl-C ends this process without a traceback; from the first import on, which take seconds.
    signal.signal(signal.SIGINT, lambda number, _: sys.exit(128 + number))
    # Nearly all of what a start makes stays. Looking through it for garbage takes more than a second, before the run and once more at the end.
    gc.disable()

from airflow import __version__ as airflow_version
from airflow.listeners import hookimpl
from airflow.providers.common.compat.sdk import get_listener_manager
from airflow.sdk import DAG
from airflow.utils.db import upgradedb

from emr_pipelines.dag.factory import emit_dag, plan_of
from emr_pipelines.dag.in_process.interruption import Interruption
from emr_pipelines.dag.in_process.newest_api import offer_newest_api_only
from emr_pipelines.dag.macros import CLUSTER_KEY
from emr_pipelines.dag.sensor import COUNTERS_KEY
from emr_pipelines.emr.emr_api import RunError
from emr_pipelines.pipeline_spec.notation.task_names import OUTPUT_KEY, PUBLISHED_KEY
from emr_pipelines.plan.runs.step_selection import StepSelection, narrow, parse_selection

Emit = Callable[[dict[str, Any]], None]


class TaskEvents:
    """An Airflow listener that reports each task's start and end."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit

    @hookimpl
    def on_task_instance_running(self, task_instance: Any) -> None:
        """Airflow calls this when a task starts."""
        self._report(task_instance, "running")

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        """Airflow calls this when a task has succeeded; what it handed on goes with the event."""
        handed_on = {
            key: task_instance.xcom_pull(task_ids=task_instance.task_id, key=key)
            for key in (OUTPUT_KEY, PUBLISHED_KEY, CLUSTER_KEY, COUNTERS_KEY)
        }
        self._report(task_instance, "success", **{key: value for key, value in handed_on.items() if value})

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
        """Airflow calls this when a task has failed, also when it will be retried."""
        # What a task of ours tells Airflow has no chain of causes, but Python keeps what it stands for.
        told = error if isinstance(error, RunError) else getattr(error, "__context__", None)
        tails = dict(told.tails) if isinstance(told, RunError) else {}
        self._report(task_instance, "failed", error=str(error), tails=tails)

    def _report(self, task_instance: Any, state: str, **details: Any) -> None:
        self._emit({"task": task_instance.task_id, "state": state, "time": time.time(), **details})


def main(argv: list[str] | None = None) -> int:
    """Run the DAG; 0 when the run succeeded, 1 when it failed."""
    arguments = _parse(argv)
    with os.fdopen(arguments.events, "w", buffering=1) as events:
        return _run(arguments, events)


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dag_file")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--database-stamp", type=Path, required=True)
    return parser.parse_args(argv)


def _parse_order(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--date", type=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
    parser.add_argument("--conf", type=json.loads, default={})
    parser.add_argument("--selection", type=lambda text: parse_selection(json.loads(text)))
    return parser.parse_args(arguments)


def _run(arguments: argparse.Namespace, events: IO[str]) -> int:
    def emit(event: dict[str, Any]) -> None:
        events.write(json.dumps(event) + "\n")

    _prepare_database(arguments.database_stamp, emit)
    listeners: Any = get_listener_manager()
    listeners.add_listener(TaskEvents(emit))
    offer_newest_api_only()
    line = sys.stdin.readline()
    if not line:
        return 1
    order = _parse_order(json.loads(line))
    dag = _dag_of(arguments.dag_file, order.selection)
    gc.freeze()
    gc.enable()
    with Interruption().guard(dag):
        run: Any = dag.test(logical_date=order.date or datetime.now(UTC), run_conf=order.conf)
    emit({"run": run.run_id, "state": str(run.state)})
    return 0 if run.state == "success" else 1


def _prepare_database(stamp: Path, emit: Emit) -> None:
    """Make or migrate Airflow's database, once for each version of Airflow, which the stamp names; of two processes, `emr-pipelines ui` among them, one waits for the other."""
    if _is_current(stamp):
        return
    with stamp.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_current(stamp):
            return
        with _held_back(signal.SIGINT, signal.SIGTERM):  # half a database is worse than a late end
            try:
                upgradedb()
            except Exception as error:
                emit({"problem": f"Airflow's database could not be prepared: {error}"})
                raise
            stamp.write_text(airflow_version)


@contextmanager
def _held_back(*numbers: signal.Signals) -> Iterator[None]:
    """Have the signals come after the block."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda received, _: came.append(received)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


def _is_current(stamp: Path) -> bool:
    return stamp.is_file() and stamp.read_text() == airflow_version


def _dag_of(dag_file: str, selection: StepSelection | None) -> DAG:
    """The file's own DAG, or one of the same name with the selected steps alone."""
    if selection is None:
        return _load_dag(dag_file)
    scope = narrow(plan_of(dag_file), selection)
    dag = emit_dag(scope, dag_folder=Path(dag_file).resolve().parent)
    dag.fileloc = dag_file
    return dag


def _load_dag(dag_file: str) -> DAG:
    """The file's DAG, imported as Airflow imports it."""
    spec = importlib.util.spec_from_file_location("inline_run_dag_file", dag_file)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(dag_file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    dag: DAG = module.dag
    dag.fileloc = dag_file
    return dag


if __name__ == "__main__":
    exit_code = main()
    gc.freeze()
    sys.exit(exit_code)

"""One run of one DAG in this process, as `airflow dags test` makes it, with its progress as JSON lines on a file descriptor.

Run as `python -m emr_pipelines.dag.inline_run DAG_FILE --date … --conf … --events FD`; the command line starts it, since only this room may import Airflow. With
`--selection` the DAG holds only these steps. Their run has no date of its own: Airflow would delete the record of the real run of that date.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

if __name__ == "__main__":
    # Nearly all of what a start makes stays. Looking through it for garbage takes more than a second, before the run and once more at the end.
    gc.disable()

from airflow.listeners import hookimpl
from airflow.providers.common.compat.sdk import get_listener_manager
from airflow.sdk import DAG

from emr_pipelines.dag.factory import emit_dag, plan_of
from emr_pipelines.dag.interruption import Interruption
from emr_pipelines.dag.macros import CLUSTER_KEY, OUTPUT_KEY
from emr_pipelines.dag.newest_api import offer_newest_api_only
from emr_pipelines.dag.sensor import PUBLISHED_KEY
from emr_pipelines.plan.step_selection import narrow, parse_selection

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
            for key in (OUTPUT_KEY, PUBLISHED_KEY, CLUSTER_KEY)
        }
        self._report(task_instance, "success", **{key: value for key, value in handed_on.items() if value})

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
        """Airflow calls this when a task has failed, also when it will be retried."""
        self._report(task_instance, "failed", error=str(error))

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
    parser.add_argument("--date", type=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
    parser.add_argument("--conf", type=json.loads, default={})
    parser.add_argument("--selection", type=lambda text: parse_selection(json.loads(text)))
    parser.add_argument("--events", type=int, required=True)
    return parser.parse_args(argv)


def _run(arguments: argparse.Namespace, events: IO[str]) -> int:
    def emit(event: dict[str, Any]) -> None:
        events.write(json.dumps(event) + "\n")

    listeners: Any = get_listener_manager()
    listeners.add_listener(TaskEvents(emit))
    offer_newest_api_only()
    dag = _dag_of(arguments)
    gc.freeze()
    gc.enable()
    with Interruption().guard(dag):
        run: Any = dag.test(logical_date=arguments.date or datetime.now(UTC), run_conf=arguments.conf)
    emit({"run": run.run_id, "state": str(run.state)})
    return 0 if run.state == "success" else 1


def _dag_of(arguments: argparse.Namespace) -> DAG:
    """The file's own DAG, or one of the same name with the selected steps alone."""
    if arguments.selection is None:
        return _load_dag(arguments.dag_file)
    scope = narrow(plan_of(arguments.dag_file), arguments.selection)
    dag = emit_dag(scope, dag_folder=Path(arguments.dag_file).resolve().parent)
    dag.fileloc = arguments.dag_file
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

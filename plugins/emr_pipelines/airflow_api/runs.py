"""Runs of a DAG and their tasks: how they are, and what they left: published places, and the words of a failure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from emr_pipelines.airflow_api.api_calls import AirflowApi, quoted
from emr_pipelines.airflow_api.refusals import AirflowRefusal
from emr_pipelines.pipeline_spec.notation.task_names import VERDICT_TASK

OVER = frozenset({"success", "failed"})
_ERROR_LEVELS = ("error", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRun:
    """One run as Airflow has it; `state` is queued, running, success or failed."""

    run_id: str
    logical_date: dt.datetime
    state: str
    started: dt.datetime | None
    ended: dt.datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.state in OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailure:
    """A task that failed, and why, in the words of its log; no words where there is no log to be read."""

    task_id: str
    error: str


def list_runs(api: AirflowApi, dag_id: str, first: dt.datetime, last: dt.datetime) -> dict[dt.datetime, DagRun]:
    """The runs with a logical date from the first to the last, by that date."""
    query = {"logical_date_gte": first.isoformat(), "logical_date_lte": last.isoformat(), "order_by": "logical_date"}
    shown = api.pages(f"/dags/{quoted(dag_id)}/dagRuns", "dag_runs", query)
    runs = (_run_of(one) for one in shown if one["logical_date"] is not None)
    return {run.logical_date: run for run in runs}


def has_live_runs(api: AirflowApi, dag_id: str) -> bool:
    """Whether any run of the DAG waits or runs."""
    query = {"state": ["queued", "running"], "limit": 1}
    return bool(api.call("GET", f"/dags/{quoted(dag_id)}/dagRuns", query=query)["dag_runs"])


def running_tasks(api: AirflowApi, dag_id: str, first: dt.datetime, last: dt.datetime) -> dict[str, list[str]]:
    """What each of these runs does now: the ids of its running tasks, by run id."""
    query = {
        "logical_date_gte": first.isoformat(),
        "logical_date_lte": last.isoformat(),
        "state": ["running", "deferred"],
    }
    found: dict[str, list[str]] = {}
    for task in api.pages(f"/dags/{quoted(dag_id)}/dagRuns/~/taskInstances", "task_instances", query):
        found.setdefault(task["dag_run_id"], []).append(task["task_id"])
    return found


def failures_of(api: AirflowApi, dag_id: str, run_id: str) -> tuple[TaskFailure, ...]:
    """The tasks that failed, with the words of their logs; the verdict, which says the same of all others, only when it is alone."""
    tasks = api.pages(_tasks_path(dag_id, run_id), "task_instances", {"state": "failed"})
    failed = {task["task_id"]: int(task["try_number"]) for task in tasks}
    if len(failed) > 1:
        failed.pop(VERDICT_TASK, None)
    return tuple(
        TaskFailure(
            task_id=task_id, error=_error_in_log(api, f"{_tasks_path(dag_id, run_id)}/{quoted(task_id)}", number)
        )
        for task_id, number in failed.items()
    )


def read_xcom(api: AirflowApi, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
    """What a task handed on; None if it handed on nothing under the key."""
    try:
        path = f"{_tasks_path(dag_id, run_id)}/{quoted(task_id)}/xcomEntries/{quoted(key)}"
        return api.call("GET", path, query={"deserialize": "true"})["value"]
    except AirflowRefusal as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            return None
        if refusal.status != HTTPStatus.BAD_REQUEST:
            raise
        # An Airflow that deserializes nothing for anybody; a text is the same either way.
        return api.call("GET", path)["value"]


def _run_of(shown: dict[str, Any]) -> DagRun:
    return DagRun(
        run_id=shown["dag_run_id"],
        logical_date=_moment(shown["logical_date"]) or dt.datetime.min,
        state=shown["state"],
        started=_moment(shown["start_date"]),
        ended=_moment(shown["end_date"]),
    )


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def _tasks_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{quoted(dag_id)}/dagRuns/{quoted(run_id)}/taskInstances"


def _error_in_log(api: AirflowApi, task_path: str, try_number: int) -> str:
    try:
        content = api.call("GET", f"{task_path}/logs/{try_number}", query={"full_content": "true"})["content"]
    except AirflowRefusal:  # the log is gone, or not for this user
        return ""
    return next(_errors(content), "")


def _errors(content: list[Any]) -> Iterator[str]:
    """What ended the task, the last first: the exception's words, else what was logged as an error."""
    events = [event for event in reversed(content) if isinstance(event, dict)]
    for event in events:
        details = event.get("error_detail") or []
        yield from (str(one["exc_value"]) for one in details if one.get("exc_value"))
    yield from (str(event["event"]) for event in events if event.get("level") in _ERROR_LEVELS)

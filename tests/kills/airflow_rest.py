"""Airflow's REST API as the tests that kill use it: trigger, look, clear, mark. Starts and stops nothing."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class AirflowRest:
    """One Airflow whose every visitor is its admin. A call while the API server is down raises OSError."""

    url: str
    _token: str = field(default="", init=False)

    def is_up(self) -> bool:
        """Whether the API server answers."""
        try:
            self._send("GET", "/api/v2/version")
        except OSError:
            return False
        return True

    def health(self) -> dict[str, Any]:
        """By component ("scheduler", "dag_processor", "triggerer"): its `status` and the time of its latest heartbeat."""
        return self._send("GET", "/api/v2/monitor/health")

    def dag_ids(self) -> set[str]:
        """The DAGs that the dag-processor has found."""
        return {dag["dag_id"] for dag in self.call("GET", "/dags?limit=100")["dags"]}

    def trigger(
        self, dag_id: str, run_id: str, conf: dict[str, Any] | None = None, *, date: datetime | None = None
    ) -> None:
        """Start a run, as the form in the UI does, which fills in the present moment as `date`; None is a run without a logical date."""
        logical_date = None if date is None else date.isoformat()
        body = {"dag_run_id": run_id, "logical_date": logical_date, "conf": conf or {}}
        self.call("POST", f"/dags/{dag_id}/dagRuns", body)

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """A run as the API shows it: `state`, `start_date`, `end_date`, …"""
        shown: dict[str, Any] = self.call("GET", f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}")
        return shown

    def next_run_after(self, dag_id: str) -> datetime | None:
        """When the scheduler makes the next run of a DAG; None when it makes none."""
        moment = self.call("GET", f"/dags/{dag_id}")["next_dagrun_run_after"]
        return None if moment is None else datetime.fromisoformat(moment)

    def run_state(self, dag_id: str, run_id: str) -> str:
        """queued, running, success or failed."""
        return str(self.run(dag_id, run_id)["state"])

    def run_states(self, dag_id: str) -> dict[str, str]:
        """The states of all runs of a DAG by run id."""
        runs = self.call("GET", f"/dags/{dag_id}/dagRuns?limit=100")["dag_runs"]
        return {run["dag_run_id"]: run["state"] for run in runs}

    def backfill(self, dag_id: str, start: str, end: str, max_active_runs: int, reprocess: str) -> None:
        """What `airflow backfill create` does, for all days from `start` to `end` (YYYY-MM-DD); `reprocess`: none, failed or completed."""
        body = {
            "dag_id": dag_id,
            "from_date": f"{start}T00:00:00Z",
            "to_date": f"{end}T00:00:00Z",
            "max_active_runs": max_active_runs,
            "reprocess_behavior": reprocess,
        }
        self.call("POST", "/backfills", body)

    def has_open_backfill(self, dag_id: str) -> bool:
        """Whether a backfill of the DAG stands in the way of another one; the scheduler closes one some time after its last run."""
        return any(one["completed_at"] is None for one in self.call("GET", f"/backfills?dag_id={dag_id}")["backfills"])

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """The task instances of a run by task id, as the API shows them (`id`, `state`, `try_number`, `max_tries`, …)."""
        answer = self.call("GET", f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances?limit=100")
        return {task["task_id"]: task for task in answer["task_instances"]}

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """The state of every task of a run; None before it is scheduled."""
        return {task_id: task["state"] for task_id, task in self.tasks(dag_id, run_id).items()}

    def clear(
        self,
        dag_id: str,
        run_id: str,
        task_ids: Iterable[str],
        *,
        downstream: bool = False,
        upstream: bool = False,
        only_failed: bool = False,
    ) -> set[str]:
        """Clear tasks as the UI's button does; returns what was cleared."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": list(task_ids),
            "include_downstream": downstream,
            "include_upstream": upstream,
            "only_failed": only_failed,
            "reset_dag_runs": True,
        }
        cleared = self.call("POST", f"/dags/{dag_id}/clearTaskInstances", body)["task_instances"]
        return {task["task_id"] for task in cleared}

    def set_state(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task as `failed` or `success`, as the UI's button does."""
        self.call("PATCH", f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances/{task_id}", {"new_state": state})

    def set_run_state(self, dag_id: str, run_id: str, state: str) -> None:
        """Mark a whole run as `failed` or `success`, as the UI's button does."""
        self.call("PATCH", f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}", {"state": state})

    def pause(self, dag_id: str) -> None:
        """Have the scheduler leave the runs of a DAG alone, as the UI's switch does."""
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": True})

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """What a task handed on; None if it handed on nothing under the key."""
        path = f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances/{task_id}/xcomEntries/{key}?deserialize=true"
        try:
            return self.call("GET", path)["value"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Any other call, with a path below /api/v2."""
        if not self._token:
            self._token = self._send("GET", "/auth/token")["access_token"]
        return self._send(method, f"/api/v2{path}", body)

    def _send(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data)
        request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def _quoted(run_id: str) -> str:
    return urllib.parse.quote(run_id, safe="")

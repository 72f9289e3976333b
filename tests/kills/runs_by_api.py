"""Airflow's REST API as a person uses it in the UI: trigger, clear, mark, look."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class AirflowApi:
    """One Airflow's API server."""

    url: str
    _token: str = field(default="", repr=False)

    def is_healthy(self) -> bool:
        """Whether database, scheduler, DAG processor and triggerer say that they live."""
        try:
            health = self._send("GET", "/api/v2/monitor/health")
        except OSError:
            return False
        parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return all((health[part] or {}).get("status") == "healthy" for part in parts)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call below /api/v2."""
        if not self._token:
            self._token = self._send("GET", "/auth/token")["access_token"]
        return self._send(method, f"/api/v2{path}", body)

    def knows(self, dag_id: str) -> bool:
        """Whether the DAG has been read and stored."""
        return dag_id in {dag["dag_id"] for dag in self.call("GET", "/dags?limit=100")["dags"]}

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any] | None = None) -> None:
        """Unpause and trigger, as the trigger form does."""
        self.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf or {}}
        self.call("POST", f"/dags/{dag_id}/dagRuns", body)

    def run_state(self, dag_id: str, run_id: str) -> str:
        """The run's state."""
        return str(self.call("GET", f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}")["state"])

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """The task instances of a run by task id: state, try_number, id, start_date …"""
        answer = self.call("GET", f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances?limit=100")
        return {ti["task_id"]: ti for ti in answer["task_instances"]}

    def states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """The states of a run's tasks by task id."""
        return {task_id: ti["state"] for task_id, ti in self.tasks(dag_id, run_id).items()}

    def clear(self, dag_id: str, run_id: str, task_ids: list[str], *, downstream: bool = False) -> list[str]:
        """Clear tasks as the UI does, whatever state they are in; the ids of all that were cleared (setups and teardowns go with them)."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": task_ids,
            "include_downstream": downstream,
            "only_failed": False,
            "reset_dag_runs": True,
        }
        cleared = self.call("POST", f"/dags/{dag_id}/clearTaskInstances", body)["task_instances"]
        return sorted(ti["task_id"] for ti in cleared)

    def mark(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task as failed or success."""
        path = f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances/{_quoted(task_id)}"
        self.call("PATCH", path, {"new_state": state})

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
        """An XCom value; None if there is none."""
        path = f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances/{_quoted(task_id)}/xcomEntries/{key}"
        try:
            return self.call("GET", path)["value"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1) -> str:
        """A task's log as text."""
        path = f"/dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances/{_quoted(task_id)}/logs/{try_number}"
        return json.dumps(self.call("GET", path))

    def _send(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data)
        request.add_header("Content-Type", "application/json")
        request.add_header("Accept", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")

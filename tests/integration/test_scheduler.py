"""`emr-pipelines ui` with the real scheduler, dag-processor, triggerer and API servers: a manual run, and a backfill by year."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.airflow_api.api_calls import AirflowAddress, AirflowApi
from emr_pipelines.airflow_api.runs import failures_of
from emr_pipelines.emr.emr_api import EmrApi
from tests.conftest import is_running, live_clusters
from tests.integration.processes import descendants, free_port
from tests.integration.word_clouds import gallery_years

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow"), pytest.mark.timeout(900)]

START_SECONDS = 180
RUNS_SECONDS = 600
BY_HAND = "by_hand"


def wait_for(what: str, condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(1)
    pytest.fail(f"{what} did not come within {seconds:.0f} s")


class AirflowServer:
    """A running Airflow, spoken to as its UI does."""

    def __init__(self, port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self._token = ""

    def is_healthy(self) -> bool:
        try:
            health = self._send("GET", "/api/v2/monitor/health")
        except OSError:
            return False
        return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    def call(self, method: str, path: str, body: object = None) -> Any:
        if not self._token:
            self._token = self._send("GET", "/auth/token")["access_token"]
        return self._send(method, f"/api/v2{path}", body)

    def run_states(self) -> dict[str, str]:
        """The states of the runs that this test asked for; other tests may have left runs of theirs."""
        runs = self.call("GET", "/dags/word_clouds/dagRuns?limit=100")["dag_runs"]
        ours = [run for run in runs if run["dag_run_id"] == BY_HAND or run["run_type"] == "backfill"]
        return {run["dag_run_id"]: run["state"] for run in ours}

    def _send(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode()
        )
        request.add_header("Content-Type", "application/json")
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)


@pytest.fixture
def server(airflow_variables: dict[str, str], project: Path, tmp_path: Path) -> Iterator[AirflowServer]:
    port = free_port()
    variables = {
        **airflow_variables,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__CORE__PARALLELISM": "2",
    }
    airflow = AirflowServer(port, tmp_path / "ui.log")
    command = [sys.executable, "-m", "emr_pipelines", "ui"]
    with airflow.log.open("w") as out:
        process = subprocess.Popen(command, env=variables, cwd=project, stdout=out, stderr=out, start_new_session=True)
        try:
            wait_for("the API server", airflow.is_healthy, START_SECONDS)
            yield airflow
        finally:
            stop_with_interrupt(process)


def stop_with_interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C: the command must end, and with it everything that it started."""
    started = {process.pid, *descendants(process.pid)}
    process.send_signal(signal.SIGINT)
    try:
        process.wait(150)  # it gives Airflow 60 s, and emr_local 15
    finally:
        deadline = time.monotonic() + 60
        while (left := [pid for pid in started if is_running(pid)]) and time.monotonic() < deadline:
            time.sleep(0.2)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    assert len(started) > 4
    assert left == []


def test_a_manual_run_and_a_backfill_by_year(
    server: AirflowServer,
    airflow: Callable[..., subprocess.CompletedProcess[str]],
    api: EmrApi,
    emr_state_dir: Path,
) -> None:
    wait_for("the DAG", lambda: "word_clouds" in {dag["dag_id"] for dag in server.call("GET", "/dags")["dags"]}, 120)

    backfill = [
        "--dag-id",
        "word_clouds",
        "--from-date",
        "2001-01-01",
        "--to-date",
        "2004-12-31",
        "--max-active-runs",
        "2",
    ]

    created = airflow("backfill", "create", *backfill)
    assert created.returncode == 0, created.stderr[-2000:]

    # As the trigger form does it: the DAG is unpaused, then triggered with no logical date, the year in the conf.
    server.call("PATCH", "/dags/word_clouds", {"is_paused": False})
    server.call(
        "POST", "/dags/word_clouds/dagRuns", {"dag_run_id": BY_HAND, "logical_date": None, "conf": {"year": 2007}}
    )

    api_of_airflow = AirflowApi(AirflowAddress(url=server.url, is_direct=True))

    def all_succeeded() -> bool:
        states = server.run_states()
        failed = [run_id for run_id, state in states.items() if state == "failed"]
        assert not failed, {run_id: failures_of(api_of_airflow, "word_clouds", run_id) for run_id in failed}
        return len(states) == 5 and set(states.values()) == {"success"}

    wait_for("the end of five runs", all_succeeded, RUNS_SECONDS)
    assert gallery_years(emr_state_dir) >= {2001, 2002, 2003, 2004, 2007}
    assert live_clusters(api, "word_clouds") == []

"""The real scheduler, dag-processor, triggerer and API server of `airflow standalone`: a manual run, and a backfill by year."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.conftest import live_clusters
from tests.integration.word_clouds import gallery_years, put_purchases

pytestmark = [pytest.mark.xdist_group("airflow"), pytest.mark.timeout(900)]

START_SECONDS = 180
RUNS_SECONDS = 600


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(1)
    pytest.fail(f"{what} did not come within {seconds:.0f} s")


@pytest.fixture
def standalone(airflow_variables: dict[str, str], project: Path, tmp_path: Path) -> Iterator[Path]:
    port = free_port()
    variables = {
        **airflow_variables,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
    }
    log = tmp_path / "standalone.log"
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "airflow", "standalone"], env=variables, cwd=project, stdout=out, stderr=out, start_new_session=True)
        try:
            wait_for("the API server", lambda: is_healthy(port), START_SECONDS)
            yield log
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
            health = json.load(answer)
    except OSError:
        return False
    return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))


def test_a_manual_run_and_a_backfill_by_year(
    project: Path,
    standalone: Path,
    airflow: Callable[..., subprocess.CompletedProcess[str]],
    airflow_json: Callable[..., list[dict[str, str]]],
    api: EmrApi,
    s3: object,
    emr_state_dir: Path,
) -> None:
    put_purchases(s3, project, range(2001, 2008))
    wait_for("the DAG", lambda: any(dag["dag_id"] == "word_clouds" for dag in airflow_json("dags", "list")), 60)

    def states() -> dict[str, str]:
        return {run["run_id"]: run["state"] for run in airflow_json("dags", "list-runs", "word_clouds") if run["run_id"] in ours(run["run_id"])}

    def ours(run_id: str) -> str:
        return run_id if run_id == "by_hand" or run_id.startswith("backfill__") else ""

    def ended() -> bool:
        failed = [run_id for run_id, state in states().items() if state == "failed"]
        assert not failed, f"{failed} failed: {standalone.read_text()[-6000:]}"
        return len(states()) == 5 and set(states().values()) == {"success"}

    triggered = airflow("dags", "trigger", "word_clouds", "--run-id", "by_hand", "--conf", '{"year": 2007}')
    assert triggered.returncode == 0, triggered.stderr[-2000:]
    backfill = ["--dag-id", "word_clouds", "--from-date", "2001-01-01", "--to-date", "2004-12-31", "--max-active-runs", "2"]
    created = airflow("backfill", "create", *backfill)
    assert created.returncode == 0, created.stderr[-2000:]

    wait_for("the end of five runs", ended, RUNS_SECONDS)
    assert gallery_years(emr_state_dir) >= {2001, 2002, 2003, 2004, 2007}
    assert live_clusters(api, "word_clouds") == []

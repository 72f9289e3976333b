"""A folder with a copy of the project and the variables of an Airflow of its own in it. Starts no process but the project's `env` command."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT_FOLDERS, REPOSITORY

# A task is lost when it has not been heard of for so many seconds (Airflow's default: 300).
HEARTBEAT_TIMEOUT = 8
# Lines at the end of every DAG file: failed tasks are tried again soon.
_QUICK_RETRIES = """
from datetime import timedelta

for task in dag.tasks:
    task.retry_delay = timedelta(seconds=1)
    task.retry_exponential_backoff = 0
"""
# Airflow's patience, shortened from minutes to seconds.
_QUICK = {
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": 2,
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": HEARTBEAT_TIMEOUT,
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": 2,
    "SCHEDULER__JOB_HEARTBEAT_SEC": 1,
    "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": 1,
    # A scheduler that was killed holds its tasks for so long; the next one then takes them over.
    "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": 6,
    "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 3,
    "TRIGGERER__JOB_HEARTBEAT_SEC": 1,
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": 6,
    "WORKERS__MIN_HEARTBEAT_INTERVAL": 2,
    # New DAG files are seen at once; known ones are read again only when they change, or after some time.
    "DAG_PROCESSOR__REFRESH_INTERVAL": 1,
    "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": 1,
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 15,
    "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
    "CORE__PARALLELISM": 4,
    "API__WORKERS": 1,
}
# What the components must have in common; each would make its own otherwise.
_SHARED = {
    "API_AUTH__JWT_SECRET": "known-to-the-components-of-one-test-only",
    "API__SECRET_KEY": "known-to-the-components-of-one-test-only",
}


def copy_project(root: Path, emr_url: str) -> None:
    """The project without its DAGs and specs (they would be scheduled), its environment `local` pointing at `emr_url`."""
    for folder in PROJECT_FOLDERS:
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in [*(root / "dags").glob("*.py"), *(root / "config" / "pipelines").glob("*.yaml")]:
        file.unlink()
    environment = root / "config" / "environments" / "local.yaml"
    environment.write_text(environment.read_text().replace("http://127.0.0.1:5566", emr_url))


def airflow_variables(root: Path, home: Path, port: int) -> dict[str, str]:
    """What `emr-pipelines env` exports, with a home of its own and recovery in seconds; the API server listens on `port`."""
    variables = {**os.environ, "PYTHONPATH": str(root / "plugins")}
    command = [sys.executable, "-m", "emr_pipelines", "env"]
    printed = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=True).stdout
    exports = dict(line.removeprefix("export ").split("=", 1) for line in printed.splitlines())
    settings = {
        **_QUICK,
        **_SHARED,
        "API__PORT": port,
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        "LOGGING__BASE_LOG_FOLDER": home / "logs",
    }
    return {
        **variables,
        **{name: _waiting(name, shlex.split(value)[0]) for name, value in exports.items()},
        "AIRFLOW_HOME": str(home),
        **{f"AIRFLOW__{name}": str(value) for name, value in settings.items()},
    }


def _waiting(name: str, value: str) -> str:
    """A connection that bears with an endpoint that is started again, as these tests do; any other variable as it is."""
    if not name.startswith("AIRFLOW_CONN_"):
        return value
    connection = json.loads(value)
    return json.dumps({**connection, "extra": {**connection["extra"], "waits_for_endpoint": True}})


def write_pipeline(root: Path, name: str, spec: str, *, dag_lines: str = "") -> None:
    """A spec and its DAG file, which is written last: Airflow reads it as soon as it is there, or changed. `dag_lines` is Python below `dag = …`."""
    (root / "config" / "pipelines" / f"{name}.yaml").write_text(spec)
    dag_file = (REPOSITORY / "dags" / "word_clouds.py").read_text()
    (root / "dags" / f"{name}.py").write_text(f"{dag_file}{_QUICK_RETRIES}{dag_lines}\n")


def answers(port: int) -> bool:
    """Whether something listens at a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

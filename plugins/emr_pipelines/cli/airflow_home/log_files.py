"""Where the command line keeps the logs of what it starts: with those of Airflow's tasks."""

from __future__ import annotations

import os
import time
from pathlib import Path

from emr_pipelines.cli.airflow_home.variables import airflow_home
from emr_pipelines.cli.terminal.file_writing import writing


def new_log_file(project_root: Path, name: str) -> Path:
    """A log for what begins now; the folder is made. Two that begin in the same second have two logs."""
    logs = airflow_home(project_root) / "logs"
    file = logs / f"{name}-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    with writing(file):
        logs.mkdir(parents=True, exist_ok=True)
        file.touch()
    return file

"""One run of a pipeline and a date at a time, and one Airflow of a project: whoever has it holds a file locked that says who. Airflow keeps one record of a date, and a second run would take it from the first."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from emr_pipelines.cli.airflow_home.variables import airflow_home
from emr_pipelines.cli.local.users import User, this_user, try_lock
from emr_pipelines.cli.terminal.file_writing import writing
from emr_pipelines.errors import EmrPipelinesError

_FOLDER = "runs"


@contextmanager
def claimed_run(project_root: Path, pipeline: str, date: dt.date) -> Iterator[None]:
    """Hold the run for the length of the block. Raises EmrPipelinesError, which says who runs it, when another process does."""
    file = airflow_home(project_root) / _FOLDER / f"{pipeline}-{date.isoformat()}"
    taken = f"{pipeline} for {date} is run already%s. Wait for its end, or give another --date"
    with _claimed(file, f"emr-pipelines run {pipeline}", taken):
        yield


@contextmanager
def claimed_airflow(project_root: Path) -> Iterator[None]:
    """Hold the project's Airflow, whose one database takes one scheduler, for the length of the block. Raises EmrPipelinesError, which says who runs it, when another process does."""
    taken = f"The Airflow of {project_root} runs already%s. Use its page, or stop it with Ctrl-C where it was started"
    with _claimed(airflow_home(project_root) / "airflow_runs", "emr-pipelines ui", taken):
        yield


@contextmanager
def _claimed(file: Path, purpose: str, taken: str) -> Iterator[None]:
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        # The file stays: who removed it while another process waits to open it would let two have it.
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not try_lock(descriptor):
            raise EmrPipelinesError(taken.replace("%s", _describe_holder(descriptor)))
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(asdict(this_user(purpose))).encode())
        yield
    finally:
        os.close(descriptor)


def _describe_holder(descriptor: int) -> str:
    try:
        holder = User(**json.loads(os.read(descriptor, 10_000)))
    except (ValueError, TypeError):  # it is about to write it
        return ""
    return f" by {holder.describe()}"

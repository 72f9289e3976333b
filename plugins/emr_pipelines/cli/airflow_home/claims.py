"""One run of a pipeline and a date at a time, and one Airflow of a project: whoever has it holds a file locked that says who. Airflow keeps one record of a date, and a second run would take it from the first."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds something; `url` is where it answers, empty for what does not."""

    user: User
    url: str = ""


@contextmanager
def claimed_airflow(project_root: Path, purpose: str, url: str) -> Iterator[None]:
    """Hold the project's Airflow, whose one database takes one scheduler, for the length of the block; its page is at the URL. Raises EmrPipelinesError, which says who runs it, when another process does."""
    taken = f"The Airflow of {project_root} runs already%s. Use its page, or stop it with Ctrl-C where it was started"
    with _claimed(_airflow_file(project_root), purpose, taken, url):
        yield


def airflow_holder(project_root: Path) -> Holder | None:
    """Who runs the project's Airflow now; None when nobody does."""
    try:
        descriptor = os.open(_airflow_file(project_root), os.O_RDWR)
    except OSError:  # it never ran here, or is another user's
        return None
    try:
        return None if try_lock(descriptor) else _read_holder(descriptor)
    finally:
        os.close(descriptor)


def _airflow_file(project_root: Path) -> Path:
    return airflow_home(project_root) / "airflow_runs"


@contextmanager
def _claimed(file: Path, purpose: str, taken: str, url: str = "") -> Iterator[None]:
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        # The file stays: who removed it while another process waits to open it would let two have it.
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not try_lock(descriptor):
            raise EmrPipelinesError(taken.replace("%s", _describe_holder(descriptor)))
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(asdict(Holder(user=this_user(purpose), url=url))).encode())
        yield
    finally:
        os.close(descriptor)


def _describe_holder(descriptor: int) -> str:
    holder = _read_holder(descriptor)
    return "" if holder is None else f" by {holder.user.describe()}"


def _read_holder(descriptor: int) -> Holder | None:
    try:
        told = json.loads(os.read(descriptor, 10_000))
        return Holder(user=User(**told["user"]), url=told["url"])
    except (ValueError, TypeError, KeyError):  # it is about to write it
        return None

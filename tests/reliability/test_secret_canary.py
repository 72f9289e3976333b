"""Secrets of Airflow stay in Airflow: a connection's password and extra and a variable of the worker are looked for in everything that runs leave behind."""

from __future__ import annotations

import gzip
import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.conftest import AIRFLOW_HOME
from tests.fault_control import Faults
from tests.least_privilege import check_accesses
from tests.reliability.midway import Jobs

pytestmark = pytest.mark.slow

# Each is a word that cannot come from anywhere else.
PASSWORD, TOKEN, EXTRA, VARIABLE = (f"canary{name}{secrets.token_hex(8)}" for name in ("pwd", "tok", "ext", "env"))
CANARIES = {
    "the connection's password": PASSWORD,
    "the connection's aws_session_token": TOKEN,
    "another extra of the connection": EXTRA,
    "a variable of the worker": VARIABLE,
}
# What no secret is and must be found everywhere, or the search proves nothing.
PLANTED = f"planted{secrets.token_hex(8)}"
OUTPUT, EVENTS = "output-of-airflow.log", "events.jsonl"
# Adds the connection, which a person would do in the UI, and runs the DAGs as `emr-pipelines run` does.
RUN_ALL = """
import json, os, sys
from airflow.models import Connection
from airflow.utils.session import create_session
from emr_pipelines.dag.in_process.inline_run import main

events, stamp, *dag_files = sys.argv[1:]
with create_session() as session:
    session.add(Connection(conn_id="emr_local", **json.loads(sys.stdin.readline())))
ends = [main([file, "--database-stamp", stamp, "--events", str(os.dup(int(events)))]) for file in dag_files]
print(ends)
"""
SPEC = """
name: {name}
cluster: {{primary: {{instances: [m5.xlarge]}}}}
steps:
  - {{name: one, command: [bash, -c, "echo the job says {planted} >&2; exit {code}"]}}
{writing}
"""


@dataclass(frozen=True, slots=True)
class Remains:
    """All that two runs left, by the place where somebody may read it."""

    places: Mapping[str, str]

    def holding(self, word: str) -> dict[str, list[str]]:
        """Where the word appears, each time with what stands around it."""
        around = re.compile(f".{{0,200}}{re.escape(word)}.{{0,50}}")
        return {place: around.findall(text) for place, text in self.places.items() if word in text}


@pytest.fixture(scope="module")
def remains(
    project: Path, emr_url: str, emr_state_dir: Path, airflow_database: None, environment_bucket: str
) -> Iterator[Remains]:
    """One run that fails and one that succeeds, in a process of their own with a home and a database of its own."""
    home = AIRFLOW_HOME / "canary"
    home.mkdir()
    shutil.copy(AIRFLOW_HOME / "airflow.db", home)
    control = Faults(emr_url)
    control.clear()
    exit_codes = {f"{PLANTED}_failed": 3, f"{PLANTED}_succeeded": 0}
    publishing = ', after: [one], publish: "${env.bucket}/canaries/two"'
    writing = Jobs(home).writing("two", names=(PLANTED, "_SUCCESS"), more=publishing)
    for name, code in exit_codes.items():
        spec = SPEC.format(name=name, code=code, planted=PLANTED, writing=writing)
        (project / "config" / "pipelines" / f"{name}.yaml").write_text(spec)
        shutil.copy(project / "dags" / "word_clouds.py", project / "dags" / f"{name}.py")
    assert run_all(home, connection_to(emr_url), exit_codes) == [1, 0]
    check_accesses(emr_url, project, exit_codes)
    yield Remains(
        {
            "task logs": (home / OUTPUT).read_text(),
            **{f"table {name}": text for name, text in tables(home / "airflow.db").items()},
            "events of the run": (home / EVENTS).read_text(),
            "files of Airflow": files_below(home),
            "objects on S3": files_below(emr_state_dir / "s3"),
            "logs of the steps": files_below(emr_state_dir / "steps"),
            "requests as EMR has kept them": (emr_state_dir / "journal.jsonl").read_text(),
            "calls of EMR": json.dumps(control.calls()),
        }
    )
    control.clear()


def connection_to(url: str) -> dict[str, str]:
    extra = {"endpoint_url": url, "region_name": "us-east-1", "aws_session_token": TOKEN, "service_account_key": EXTRA}
    return {"conn_type": "aws", "login": "reader", "password": PASSWORD, "extra": json.dumps(extra)}


def run_all(home: Path, connection: Mapping[str, str], names: Iterable[str]) -> list[int]:
    """The exit code of a run of each pipeline. Two files are left: what Airflow says, with the logs of the tasks, and the events."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_CONN_")}
    variables = {
        **inherited,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        "PYTHONPATH": str(AIRFLOW_HOME / "project" / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "REPORTING_API_KEY": VARIABLE,
    }
    dag_files = [str(AIRFLOW_HOME / "project" / "dags" / f"{name}.py") for name in names]
    with (home / OUTPUT).open("w") as output, (home / EVENTS).open("w") as events:
        finished = subprocess.run(
            [sys.executable, "-c", RUN_ALL, str(events.fileno()), str(home / "database_version"), *dag_files],
            env=variables,
            input="\n".join([json.dumps(connection), *['["--date", "2005-01-01"]'] * len(dag_files)]),
            stdout=output,
            stderr=output,
            pass_fds=[events.fileno()],
            text=True,
            check=False,
        )
    assert finished.returncode == 0, (home / OUTPUT).read_text()[-5000:]
    return json.loads((home / OUTPUT).read_text().splitlines()[-1])


def tables(file: Path) -> dict[str, str]:
    """Every row of every table."""
    with sqlite3.connect(file) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: str(database.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names}


def files_below(folder: Path) -> str:
    """The names and the contents of all files, as they are and unpacked."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return "\n".join(f"{path}\n{contents(path)}" for path in paths)


def contents(path: Path) -> str:
    data = path.read_bytes()
    with suppress(EOFError, gzip.BadGzipFile):  # inputs of other tests are corrupt on purpose
        data = gzip.decompress(data)
    return data.decode(errors="replace")


def test_the_search_finds_what_was_planted_in_every_place(remains: Remains) -> None:
    found = remains.holding(PLANTED)
    assert {
        "task logs",
        "events of the run",
        "table xcom",
        "table rendered_task_instance_fields",
        "table serialized_dag",
        "files of Airflow",
        "objects on S3",
        "logs of the steps",
        "requests as EMR has kept them",
    } <= found.keys()
    assert "the job says" in remains.places["task logs"], "the failed job's own words are shown"
    assert "AddJobFlowSteps" in remains.places["calls of EMR"]


def test_the_secrets_were_there_to_be_found(remains: Remains) -> None:
    row = remains.places["table connection"]
    assert "emr_local" in row
    assert "reader" in row
    assert "gAAAA" in row, "the password is encrypted with Fernet"


@pytest.mark.parametrize("secret", CANARIES)
def test_no_secret_of_airflow_appears_in_anything_that_a_run_leaves(remains: Remains, secret: str) -> None:
    assert remains.holding(CANARIES[secret]) == {}

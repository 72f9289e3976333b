"""Secrets of Airflow stay in Airflow: a connection's password and extra and a variable of the worker are looked for in everything that runs leave behind."""

from __future__ import annotations

import gzip
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import AIRFLOW_HOME
from tests.fault_control import Faults

pytestmark = pytest.mark.xdist_group("airflow")

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
OUTPUT = "output-of-airflow.log"
SPEC = """
name: {name}
cluster: {{primary: {{instances: [m5.xlarge]}}}}
steps:
  - {{name: one, command: [bash, -c, "echo the job says {planted} >&2; exit {code}"]}}
  - name: two
    command: [hadoop, fs, -touchz, "${{steps.two.output}}/{planted}", "${{steps.two.output}}/_SUCCESS"]
    after: [one]
    output: {{format: text, min_files: 1}}
    publish: "${{env.bucket}}/canaries/{name}"
"""


@dataclass(frozen=True, slots=True)
class Remains:
    """All that two runs left, by the place where somebody may read it."""

    places: Mapping[str, str]

    def holding(self, word: str) -> list[str]:
        """The places in which the word appears."""
        return [place for place, text in self.places.items() if word in text]


@pytest.fixture(scope="module")
def remains(
    project: Path, emr_url: str, emr_state_dir: Path, airflow_database: None, environment_bucket: str
) -> Iterator[Remains]:
    """One run that succeeds and one that fails, by `airflow dags test` with a database and a home of their own."""
    home = AIRFLOW_HOME / "canary"
    home.mkdir()
    shutil.copy(AIRFLOW_HOME / "airflow.db", home)
    control = Faults(emr_url)
    control.clear()
    connect(home, emr_url)
    failed, succeeded = f"{PLANTED}_failed", f"{PLANTED}_succeeded"
    for name, code in ((failed, 3), (succeeded, 0)):
        (project / "config" / "pipelines" / f"{name}.yaml").write_text(
            SPEC.format(name=name, code=code, planted=PLANTED)
        )
        shutil.copy(project / "dags" / "word_clouds.py", project / "dags" / f"{name}.py")
    ends = [airflow(home, "dags", "test", name, "2005-01-01") for name in (failed, succeeded)]
    assert ends == [1, 0], (home / OUTPUT).read_text()[-5000:]
    yield Remains(
        {
            "task logs": (home / OUTPUT).read_text(),
            **{f"table {name}": text for name, text in tables(home / "airflow.db").items()},
            "files of Airflow": files_below(home),
            "objects on S3": files_below(emr_state_dir / "s3"),
            "logs of the steps": files_below(emr_state_dir / "steps"),
            "requests as EMR has kept them": (emr_state_dir / "journal.jsonl").read_text(),
            "calls of EMR": json.dumps(control.calls()),
        }
    )
    control.clear()


def connect(home: Path, emr_url: str) -> None:
    """The connection as a person adds it, with its secrets; they reach Airflow's database encrypted."""
    extra = {
        "endpoint_url": emr_url,
        "region_name": "us-east-1",
        "aws_session_token": TOKEN,
        "service_account_key": EXTRA,
    }
    connection = {"conn_type": "aws", "login": "reader", "password": PASSWORD, "extra": extra}
    assert airflow(home, "connections", "add", "emr_local", "--conn-json", json.dumps(connection)) == 0


def airflow(home: Path, *arguments: str) -> int:
    """The exit code of an `airflow` command; what it says, with the logs of the tasks that it runs, is added to a file."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_CONN_")}
    variables = {
        **inherited,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
        "PYTHONPATH": str(AIRFLOW_HOME / "project" / "plugins"),
        "REPORTING_API_KEY": VARIABLE,
    }
    with (home / OUTPUT).open("a") as output:
        command = [sys.executable, "-m", "airflow", *arguments]
        return subprocess.run(command, env=variables, stdout=output, stderr=output, check=False).returncode


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
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode(errors="replace")


def test_the_search_finds_what_was_planted_in_every_place(remains: Remains) -> None:
    found = remains.holding(PLANTED)
    assert {
        "task logs",
        "table xcom",
        "table rendered_task_instance_fields",
        "table serialized_dag",
        "files of Airflow",
        "objects on S3",
        "logs of the steps",
        "requests as EMR has kept them",
    } <= set(found)
    assert "the job says" in remains.places["task logs"], "the failed job's own words are shown"
    assert "AddJobFlowSteps" in remains.places["calls of EMR"]


def test_the_secrets_were_there_to_be_found(remains: Remains) -> None:
    row = remains.places["table connection"]
    assert "emr_local" in row
    assert "reader" in row
    assert "gAAAA" in row, "the password is encrypted with Fernet"


@pytest.mark.parametrize("secret", CANARIES)
def test_no_secret_of_airflow_appears_in_anything_that_a_run_leaves(remains: Remains, secret: str) -> None:
    assert remains.holding(CANARIES[secret]) == []

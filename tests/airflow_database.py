"""A migrated database of Airflow: made once in each environment, then copied. A migration costs ten seconds of CPU, and every worker needs one."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path


def provide_database(airflow_home: Path) -> None:
    """Put a migrated `airflow.db` into a home, with the stamp that tells `emr-pipelines run` so."""
    airflow_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_template(), airflow_home / "airflow.db")
    (airflow_home / "database_version").write_text(version("apache-airflow"))


def _template() -> Path:
    """The database that is copied, beside the installed Airflow that made it."""
    template = Path(sys.prefix) / f"airflow-{version('apache-airflow')}.db"
    with template.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            with tempfile.TemporaryDirectory(dir=sys.prefix) as scratch:
                _migrate(Path(scratch))
                (Path(scratch) / "airflow.db").replace(template)
    return template


def _migrate(home: Path) -> None:
    home_variables = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
    }
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(command, env={**os.environ, **home_variables}, check=True, capture_output=True)

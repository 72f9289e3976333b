"""The project's own Airflow: the environment variables that make any `airflow` command see its DAGs, plugins and connection. Starts no process."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from emr_pipelines.cli.airflow_home import sqlite_connections
from emr_pipelines.cli.local.state_folder import state_folder_of
from emr_pipelines.cli.project.python_process import WRITE_BYTE_CODE
from emr_pipelines.emr.loopback import LOCAL_PASSWORD, direct_variables, is_loopback, local_key
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec

HOME_FOLDER = ".airflow"
DATABASE_FILE = "airflow.db"


def airflow_home(project_root: Path) -> Path:
    """The project's AIRFLOW_HOME: `.airflow/` in the checkout."""
    return project_root / HOME_FOLDER


def database_stamp(project_root: Path) -> Path:
    """The file that says for which Airflow the database was made. Beside it, with the ending `.lock`, is the file that whoever makes the database holds locked."""
    return airflow_home(project_root) / "database_version"


def airflow_variables(project_root: Path, environment: EnvironmentSpec) -> dict[str, str]:
    """The variables, by name. SQLite and LocalExecutor, examples off, the environment's connection as AIRFLOW_CONN_<ID>."""
    return {
        # `airflow` itself, which `airflow standalone` also looks for: the one that is installed beside this command.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "AIRFLOW_HOME": str(airflow_home(project_root)),
        # SQLite makes a writer wait for the lock instead of failing after five seconds: scheduler, UI and CLI share one file.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow_home(project_root)}/{DATABASE_FILE}?timeout={sqlite_connections.LOCK_SECONDS:.0f}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": f"{sqlite_connections.__name__}.CONNECT_ARGS",
        "AIRFLOW__CORE__DAGS_FOLDER": str(project_root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(project_root / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # Everybody who reaches the UI is its admin, so nobody but this machine may reach it.
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__HOST": "127.0.0.1",
        # A new DAG file shows up in seconds instead of five minutes.
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        **WRITE_BYTE_CODE,
        # Airflow's own processes talk to each other, and to emr_local, at addresses of this machine.
        **direct_variables(os.environ),
        "EMR_PIPELINES_ENV": environment.name,
        f"AIRFLOW_CONN_{environment.connection.id.upper()}": json.dumps(_connection(project_root, environment)),
    }


def process_variables(project_root: Path, environment: EnvironmentSpec) -> dict[str, str]:
    """All variables of a process of this project's Airflow: the shell's, but for what is not meant for it, and those above.

    Where the endpoint is on this machine no AWS setting of the shell is. How a terminal encodes text is no matter of files.
    """
    unwanted: tuple[str, ...] = ("PYTHONIOENCODING",)
    if is_loopback(environment.connection.endpoint_url):
        unwanted += ("AWS_",)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, **airflow_variables(project_root, environment)}


def _connection(project_root: Path, environment: EnvironmentSpec) -> dict[str, object]:
    extra: dict[str, object] = {"region_name": environment.region}
    url = environment.connection.endpoint_url
    if url is None:  # AWS's own endpoints take their credentials from the machine (profile, role, variables)
        return {"conn_type": "aws", "extra": extra}
    # Any credentials do for an endpoint of our own. At one of this machine they say whose emr_local is meant.
    login = local_key(state_folder_of(project_root).path) if is_loopback(url) else "local"
    return {"conn_type": "aws", "login": login, "password": LOCAL_PASSWORD, "extra": {**extra, "endpoint_url": url}}

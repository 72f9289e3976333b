"""A real Airflow of the project's own: its home, its variables, its commands."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emr_pipelines.pipeline_spec.project_files.project import pipeline_names
from tests.airflow_database import provide_database
from tests.least_privilege import check_accesses, forget_accesses


@pytest.fixture
def judged_project(project: Path) -> Path:
    """The project whose pipelines the test runs."""
    return project


@pytest.fixture(autouse=True)
def least_privilege(emr_url: str, judged_project: Path) -> Iterator[None]:
    """With JUDGE_ACCESSES=1 a test fails when its runs asked for more than the policy of the project's pipelines allows."""
    forget_accesses(emr_url)  # of tests that run pipelines of other projects at the same server
    yield
    check_accesses(emr_url, judged_project, pipeline_names(judged_project))


@pytest.fixture(scope="session")
def airflow_variables(project: Path) -> dict[str, str]:
    """This process's environment with what `emr-pipelines env` exports for the project's copy, a database that is migrated, and the sample data."""
    printed = run_tool(project, os.environ, "env").stdout
    exports = dict(line.removeprefix("export ").split("=", 1) for line in printed.splitlines())
    variables = {
        **os.environ,
        **{name: shlex.split(value)[0] for name, value in exports.items()},
        "PYTHONPATH": str(project / "plugins"),
    }
    provide_database(Path(variables["AIRFLOW_HOME"]))
    made = run_tool(project, variables, "sample-data")
    assert made.returncode == 0, made.stderr
    return variables


@pytest.fixture(scope="session")
def airflow(airflow_variables: dict[str, str], project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "airflow", *arguments],
            env=airflow_variables,
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def run_tool(
    project: Path, variables: os._Environ[str] | dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """The project's own command in a folder of the project."""
    environment = {**variables, "PYTHONPATH": str(project / "plugins")}
    return subprocess.run(
        [sys.executable, "-m", "emr_pipelines", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

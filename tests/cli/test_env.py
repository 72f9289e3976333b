"""`emr-pipelines env` makes a plain `airflow` command see the project."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import REPOSITORY


def test_a_shell_that_evaluates_the_exports_has_the_project(tmp_path: object) -> None:
    tool = f"{sys.executable} -m emr_pipelines env"
    script = f"eval \"$({tool})\" && {sys.executable} -c \"import os; print(os.environ['AIRFLOW_HOME'], os.environ['AIRFLOW_CONN_EMR_LOCAL'], os.environ['EMR_PIPELINES_ENV'])\""
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    printed = subprocess.run(
        ["bash", "-c", script], cwd=REPOSITORY / "dags", env=variables, capture_output=True, text=True, check=True
    ).stdout
    assert printed.startswith(f"{REPOSITORY}/.airflow {{")
    assert '"endpoint_url": "http://127.0.0.1:5566"' in printed
    assert printed.strip().endswith(" local")


def test_an_aws_environment_names_no_endpoint_and_no_credentials() -> None:
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    printed = subprocess.run(
        [sys.executable, "-m", "emr_pipelines", "env", "--env", "aws"],
        cwd=REPOSITORY,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "EMR_PIPELINES_ENV=aws" in printed
    assert "endpoint_url" not in printed
    assert "password" not in printed

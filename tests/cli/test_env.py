"""`emr-pipelines env` makes a plain `airflow` command see the project."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest
from tests.cli.command_line import run_tool
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


def test_what_is_started_keeps_byte_code_even_where_the_shell_wants_none() -> None:
    """Without it each process compiles the thousands of modules of Airflow anew."""
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins"), "PYTHONDONTWRITEBYTECODE": "1"}
    tool, asked = f"{sys.executable} -m emr_pipelines env", "import sys; print(sys.dont_write_bytecode)"
    command = ["bash", "-c", f"eval \"$({tool})\" && {sys.executable} -c '{asked}'"]
    printed = subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"


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


def test_the_local_password_is_no_word_that_stands_in_a_log() -> None:
    """Airflow masks a connection's password wherever it stands: with `local`, every path and message of emr_local became `***`."""
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    tool = [sys.executable, "-m", "emr_pipelines", "env", "--env", "local"]
    printed = subprocess.run(tool, cwd=REPOSITORY, env=variables, capture_output=True, text=True, check=True).stdout
    line = next(line for line in printed.splitlines() if "AIRFLOW_CONN_EMR_LOCAL" in line)
    password = json.loads(shlex.split(line)[1].split("=", 1)[1])["password"]
    texts = [
        (REPOSITORY / name).read_text() for name in ("config/environments/local.yaml", "docs/reference/emr_local.md")
    ]
    assert not any(password in text for text in texts)


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_what_is_on_this_machine_needs_no_proxy_and_what_the_shell_says_stays(name: str) -> None:
    """Airflow's processes talk to each other at localhost, whatever proxy the shell has."""
    shell = {"http_proxy": "http://proxy.example:3128", name: "intranet.example, 10.0.0.0/8"}
    printed = run_tool(REPOSITORY, "env", "--env", "aws", **shell).stdout
    exports = dict(shlex.split(line)[1].split("=", 1) for line in printed.splitlines())
    for direct in (exports["no_proxy"], exports["NO_PROXY"]):
        assert direct == "intranet.example,10.0.0.0/8,localhost,127.0.0.1,::1"
    assert "http_proxy" not in exports

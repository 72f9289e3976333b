"""`emr-pipelines env`: the exports that make a plain `airflow …` command see this project."""

from __future__ import annotations

import os
import shlex

import typer

from emr_pipelines.cli.airflow_home.variables import airflow_variables
from emr_pipelines.cli.local.endpoint import at_recorded_server
from emr_pipelines.cli.project.options import EnvironmentOption, load_project


def env_command(env: EnvironmentOption = None) -> None:
    """Print `export NAME=value` lines for a shell: eval "$(emr-pipelines env)".

    Example: eval "$(emr-pipelines env)"
    """
    project = at_recorded_server(load_project(env))
    for name, value in airflow_variables(project.root, project.environment).items():
        # As bytes: the shell must get every path as it is, whatever the terminal can show.
        typer.echo(os.fsencode(f"export {name}={shlex.quote(value)}"))

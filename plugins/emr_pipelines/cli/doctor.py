"""`emr-pipelines doctor`: whether this machine can run pipelines, one line per check with what to do. Changes nothing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from emr_pipelines.cli.airflow_home import airflow_home
from emr_pipelines.cli.machine_checks import (
    Check,
    check_endpoint,
    check_folder,
    check_java,
    check_packages,
    check_python,
    check_spark,
)
from emr_pipelines.cli.project_options import EnvironmentOption, Project, load_project


def doctor_command(
    env: EnvironmentOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Look at everything that a run needs. Exits with 0 when all is well, 1 when something is to be done."""
    checks = _check_all(load_project(env))
    console = Console()
    if as_json:
        console.print_json(data=[asdict(check) for check in checks])
    else:
        _print(console, checks)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)

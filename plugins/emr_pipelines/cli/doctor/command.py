"""`emr-pipelines doctor`: whether this machine can run pipelines, one line per check with what to do. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from emr_pipelines.cli.airflow_home.variables import airflow_home
from emr_pipelines.cli.doctor.doctor_checks import (
    Check,
    check_airflow,
    check_endpoint,
    check_folder,
    check_java,
    check_packages,
    check_python,
    check_spark,
)
from emr_pipelines.cli.local.state_folder import state_folder_of
from emr_pipelines.cli.project.options import EnvironmentOption, Project, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.cli.terminal.tables import text_table


def doctor_command(
    env: EnvironmentOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Look at what a run needs on this machine. Exits with 0 when all is well, 1 when something is to be done.

    Example: emr-pipelines doctor --env aws
    """
    checks = _check_all(load_project(env))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        _print_table(checks)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _check_all(project: Project) -> list[Check]:
    return [
        check_python(),
        check_java(),
        check_spark(),
        check_packages(project.root / "requirements.txt"),
        check_endpoint(project.environment.connection.endpoint_url, state_folder_of(project.root)),
        check_folder(state_folder_of(project.root).path),
        check_airflow(airflow_home(project.root)),
    ]


def _print_table(checks: Sequence[Check]) -> None:
    rows = (
        (
            Text("ok", "green") if check.ok else Text("FAIL", "bold red"),
            check.name,
            check.found,
            "" if check.ok else check.fix,
        )
        for check in checks
    )
    plain_console().print(text_table("", "check", "found", "what to do", rows=rows, show_edge=False))

"""`emr-pipelines init`: a project without pipelines, in a new folder or an existing Airflow project. Imports neither Airflow nor boto3."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emr_pipelines.authoring.new_files import write_new
from emr_pipelines.authoring.new_project import ProjectPlan, plan_project, refuse_unfit_folder
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.file_writing import writing
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.cli.terminal.shown_paths import shown_path
from emr_pipelines.errors import EmrPipelinesError

_INSTALL = "./plugins[local,test]"
# Of deeper files these first folders are named, with how many lie in them.
_SHOWN_PARTS = 3


def init_command(
    where: Annotated[
        str,
        typer.Argument(metavar="FOLDER", help="The project's folder: a new one, an empty one, or an Airflow project."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Make a project without pipelines, or add what an Airflow project lacks for one. What is there stays as it is and is named.

    Example: emr-pipelines init sales-pipelines
    """
    if not where:
        raise typer.BadParameter("The folder's name is empty; name one, or . for this one")
    folder = Path(where)
    if folder.exists() and not folder.is_dir():
        raise EmrPipelinesError(f"{folder} is a file; name a folder")
    refuse_unfit_folder(folder)
    plan = plan_project(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_new(folder, plan.files)
    commands = _next_commands(folder, plan)
    if as_json:
        print_json(
            {
                "folder": str(folder.absolute()),
                "files": sorted(plan.files),
                "kept": list(plan.kept),
                "notes": list(plan.notes),
                "next": commands,
            }
        )
        return
    _tell(folder, plan, commands, plain_console())


def _next_commands(folder: Path, plan: ProjectPlan) -> list[str]:
    install = [
        f"{Path(sys.executable).name} -m venv .venv",
        f".venv/bin/python -m pip install --constraint constraints.txt --editable '{_INSTALL}'",
    ]
    here = folder.resolve() == Path.cwd()
    return [
        *([] if here else [f"cd {shown_path(folder.absolute())}"]),
        *(["make install"] if "Makefile" in plan.files else install),
        ".venv/bin/emr-pipelines new words",
        ".venv/bin/emr-pipelines run words",
    ]


def _tell(folder: Path, plan: ProjectPlan, commands: list[str], console: Console) -> None:
    where = shown_path(folder.absolute())
    if plan.files:
        console.print(f"Wrote into {where}", style="bold", highlight=False, soft_wrap=True)
        _list(console, _grouped(plan.files))
    else:
        console.print(f"{where} lacks nothing; nothing was written", highlight=False, soft_wrap=True)
    if plan.kept:
        console.print("\nThere already, and left as it is", style="bold")
        _list(console, plan.kept)
    if plan.notes:
        console.print("\nFor you to do", style="bold")
        _list(console, plan.notes)
    console.print("\nNext", style="bold")
    _list(console, commands)


def _list(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(f"    {line}", highlight=False, soft_wrap=True)


def _grouped(paths: Iterable[str]) -> list[str]:
    """Paths, those that lie deep as the folder that they lie in."""
    groups = Counter("/".join(path.split("/")[: _SHOWN_PARTS - (path.startswith("plugins/"))]) for path in paths)
    return [f"{group} ({count} files)" if count > 1 else group for group, count in sorted(groups.items())]

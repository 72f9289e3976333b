"""`emr-pipelines schema`: prints, writes or checks the JSON Schemas of specs and environments. Imports neither Airflow nor boto3."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emr_pipelines.cli.terminal.file_writing import writing
from emr_pipelines.cli.terminal.json_text import json_text
from emr_pipelines.pipeline_spec.project_files.project import find_project_root
from emr_pipelines.pipeline_spec.reading.schema import SCHEMA_FILES, json_schema

SCHEMA_FOLDER = Path("config") / "schema"


def schema_command(
    write: Annotated[bool, typer.Option("--write", help="Write config/schema/*.json.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 when config/schema/*.json is not up to date.")
    ] = False,
    environment: Annotated[
        bool, typer.Option("--environment", help="Print the schema of environment files instead.")
    ] = False,
) -> None:
    """Print the JSON Schema (draft-07) of specs; editors use it for completion and checks.

    Example: emr-pipelines schema
    """
    if write and check:
        raise typer.BadParameter("--write and --check exclude each other")
    if write:
        folder = find_project_root(Path.cwd()) / SCHEMA_FOLDER
        with writing(folder):
            _write(folder)
    elif check:
        _check(find_project_root(Path.cwd()) / SCHEMA_FOLDER)
    else:
        typer.echo(_schema_text("environment.schema.json" if environment else "pipeline.schema.json"), nl=False)


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in SCHEMA_FILES:
        (folder / name).write_text(_schema_text(name), encoding="utf-8")
        typer.echo(f"wrote {(SCHEMA_FOLDER / name).as_posix()}")


def _check(folder: Path) -> None:
    stale = [
        name
        for name in SCHEMA_FILES
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != _schema_text(name)
    ]
    for name in stale:
        typer.echo(
            f"{(SCHEMA_FOLDER / name).as_posix()} is not up to date; run `emr-pipelines schema --write`", err=True
        )
    if stale:
        raise typer.Exit(1)


def _schema_text(name: str) -> str:
    return json_text(json_schema(SCHEMA_FILES[name])) + "\n"

"""`emr-pipelines validate`: prints every problem of specs and their environment. Imports neither Airflow nor boto3."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from emr_pipelines.cli.project.options import EnvironmentOption, choose_environment
from emr_pipelines.cli.specs.file_changes import changes_below
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.errors import Problem, SpecError
from emr_pipelines.pipeline_spec.project_files.project import (
    SUFFIXES,
    find_project_root,
    pipeline_files,
    pipeline_names,
)

_USAGE_ERROR = 2


def validate_command(
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME_OR_PATH]...", help="Pipelines by name, or spec files; default: all in config/pipelines."
        ),
    ] = None,
    env: EnvironmentOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again after each change of the project's files, until Ctrl-C.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """Check specs without running anything. Exits with 0 when all are good but for warnings, 1 when there are problems, 2 for wrong usage.

    Example: emr-pipelines validate word_clouds --env aws --strict
    """
    if watch and as_json:
        raise typer.BadParameter("one JSON document cannot be printed again and again; leave out --watch or --json")
    is_good = True
    with suppress(KeyboardInterrupt) if watch else nullcontext():
        # From the names each time: a new spec is checked, too.
        for _ in changes_below(find_project_root(Path.cwd())) if watch else ((),):
            is_good = _check(specs or [], choose_environment(env), strict=strict, as_json=as_json)
    if not is_good:
        raise typer.Exit(1)


def _check(specs: Sequence[str], environment: str, *, strict: bool, as_json: bool) -> bool:
    """Print the problems; whether there are none that count."""
    try:
        files = _find_files(specs)
    except SpecError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(_USAGE_ERROR) from error
    from emr_pipelines.pipeline_spec.loader import check_pipelines  # for which --help is not to wait

    problems = check_pipelines(files, environment=environment)
    if as_json:
        print_json({"specs": len(files), "problems": [asdict(problem) for problem in problems]})
    else:
        _print_text(len(files), problems)
    return not any(strict or problem.severity == "error" for problem in problems)


def _find_files(specs: Sequence[str]) -> list[tuple[Path, Path]]:
    """Each spec's file with its project's root."""
    if not specs:
        root = find_project_root(Path.cwd())
        return [(file, root) for name in pipeline_names(root) for file in pipeline_files(root, name)]
    return [found for spec in specs for found in _files_of(spec)]


def _files_of(spec: str) -> list[tuple[Path, Path]]:
    if not spec.endswith(SUFFIXES):
        root = find_project_root(Path.cwd())
        return [(file, root) for file in pipeline_files(root, spec)]
    file = Path(spec)
    if not os.path.isfile(file):
        raise SpecError(
            [Problem(file=spec, message="there is no such file", fix="Check the path, or give the pipeline's name.")]
        )
    return [(file, find_project_root(file.absolute().parent))]


def _print_text(count: int, problems: Sequence[Problem]) -> None:
    for problem in problems:
        typer.echo(str(problem))
    warnings = sum(problem.severity == "warning" for problem in problems)
    counted = [_count(count, "spec"), _count(len(problems) - warnings, "problem")]
    typer.echo(", ".join([*counted, _count(warnings, "warning")] if warnings else counted))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

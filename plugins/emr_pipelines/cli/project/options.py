"""What every verb takes from the command line alike: the project's root and the chosen environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emr_pipelines.pipeline_spec.project_files.project import (
    DEFAULT_ENVIRONMENT,
    ENVIRONMENT_VARIABLE,
    environment_file,
    find_project_root,
)

if (
    TYPE_CHECKING
):  # every verb imports this module, and none is to wait for the models of specs before it knows its options
    from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec

EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--env",
        help=f"Environment in config/environments; default: ${ENVIRONMENT_VARIABLE}, else {DEFAULT_ENVIRONMENT}.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A checkout and one of its environments."""

    root: Path
    environment: EnvironmentSpec


def load_project(environment_name: str | None) -> Project:
    """The project around the working directory, in the named environment. Raises SpecError for a bad environment file."""
    from emr_pipelines.pipeline_spec.loader import load_environment  # as above

    root = find_project_root(Path.cwd())
    return Project(
        root=root, environment=load_environment(environment_file(root, choose_environment(environment_name)))
    )


def choose_environment(given: str | None) -> str:
    """The name of the environment: as given on the command line, else by the variable, else the default."""
    return given or os.environ.get(ENVIRONMENT_VARIABLE, DEFAULT_ENVIRONMENT)

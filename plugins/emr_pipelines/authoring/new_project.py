"""The files of a new project, and which of them an existing folder lacks. Reads the kit and the folder, writes nothing."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emr_pipelines.authoring.new_files import NewFiles
from emr_pipelines.authoring.project_kit import kit_files, kit_root, package_files
from emr_pipelines.authoring.templates import fill, read
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.reading.schema import SCHEMA_FILES, json_schema

# What is there of these stays whole: half of one version and half of another works for nobody.
_UNITS = (
    "plugins/emr_pipelines",
    "plugins/emr_local",
    "include/pyspark/batch_job",
    "include/pyspark/local_spark",
    "include/data_generators/file_description",
)
_SAMPLES = re.compile(r"^# Made by .*\n(?=sample_data:)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# What the file of a project must have, whatever else it has; and why, where that is not plain.
_NEEDED_LINES = {
    ".gitignore": (".airflow/", ".emr_local/", ".venv/"),
    "plugins/.airflowignore": ("emr_pipelines/", "emr_local/"),
}
_REASONS = {"plugins/.airflowignore": " (else Airflow runs every module of these by its bare name)"}
_ADVICE = {
    "tests/conftest.py": "have it put include/pyspark on sys.path, or tests do not find the jobs",
    "Makefile": "it has no `install` of ours; use the commands below",
}

# By one of these a folder is an Airflow project, or one of ours.
_MARKS = ("dags", "plugins", "airflow.cfg", "config/pipelines")
# What a new repository has, too.
_HARMLESS = frozenset({"README.md", "README.rst", "LICENSE", "pyproject.toml", "requirements.txt", "venv"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPlan:
    """What a folder gets; `kept` is there and stays, be it as wanted or not; `notes` say what a person has to add to what is kept."""

    files: NewFiles
    kept: tuple[str, ...]
    notes: tuple[str, ...]


def refuse_unfit_folder(folder: Path) -> None:
    """Raise EmrPipelinesError for the root of the file system, a folder within another project, and one that holds something but no Airflow project."""
    place = folder.resolve()
    if place == Path(place.anchor):
        raise EmrPipelinesError(f"{folder} is the root of this machine's file system; name a folder below it")
    outer = next((parent for parent in place.parents if (parent / "config" / "pipelines").is_dir()), None)
    if outer is not None:
        raise EmrPipelinesError(f"{folder} lies in the project {outer}; name a folder outside of it")
    there = [path.name for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
    if set(there) - _HARMLESS and not any((folder / mark).exists() for mark in _MARKS):
        raise EmrPipelinesError(
            f"{folder} holds {', '.join(sorted(there)[:3])}, but neither {' nor '.join(_MARKS)}, so it is no Airflow project. "
            "Name a new folder; or make its dags/ first, if it is to become one"
        )


def plan_project(folder: Path) -> ProjectPlan:
    """What of a new project the folder lacks; all of it where the folder is not there."""
    wanted = project_files()
    units = [unit for unit in _UNITS if (folder / unit).exists()]
    missing = {
        path: content
        for path, content in wanted.items()
        if not (folder / path).exists() and not any(path.startswith(f"{unit}/") for unit in units)
    }
    single = [path for path in wanted if path not in missing and not any(path.startswith(f"{unit}/") for unit in units)]
    notes = [note for path in single for note in _notes_on(path, (folder / path), wanted[path])]
    return ProjectPlan(files=missing, kept=tuple(sorted([*units, *single])), notes=tuple(notes))


def project_files() -> NewFiles:
    """All files of a project that has no pipeline yet, by their paths."""
    kit = kit_files(kit_root())
    described = tomllib.loads(kit.pop("pyproject.toml").decode())["project"]
    local = kit["config/environments/local.yaml"].decode()
    return {
        **package_files(),
        **kit,
        "config/environments/local.yaml": _without_samples(local).encode(),
        "config/pipelines/.gitkeep": b"",
        **{f"config/schema/{name}": f"{_schema(name)}\n".encode() for name in SCHEMA_FILES},
        "plugins/pyproject.toml": _package_description(described).encode(),
        "tests/conftest.py": read("project/conftest.py.txt"),
        "Makefile": read("project/Makefile.txt"),
        "README.md": read("project/README.md.txt"),
        ".gitignore": read("project/gitignore.txt"),
    }


def _without_samples(environment: str) -> str:
    """The environment of this machine without the inputs of the sample pipelines, which come last in it."""
    found = _SAMPLES.search(environment)
    return environment if found is None else environment[: found.start()]


def _schema(name: str) -> str:
    return json.dumps(json_schema(SCHEMA_FILES[name]), indent=2, ensure_ascii=False)


def _package_description(project: Mapping[str, Any]) -> str:
    extras = project["optional-dependencies"]
    return fill(
        "project/pyproject.toml.txt",
        {
            "version": project["version"],
            "python": project["requires-python"],
            "dependencies": _lines(project["dependencies"]),
            "local": _lines(extras["local"]),
            "test": _lines([one for one in extras["dev"] if one in ("pytest", "pytest-timeout")]),
        },
    )


def _lines(requirements: list[str]) -> str:
    return "\n".join(f"    {json.dumps(one)}," for one in requirements)


def _notes_on(path: str, there: Path, wanted: bytes) -> Iterator[str]:
    """What a person has to add to a file that stays as it is."""
    if not there.is_file() or (text := there.read_bytes()) == wanted:
        return
    lines = text.decode("utf-8", "replace").splitlines()
    if path == "requirements.txt":
        yield from _missing_requirements(lines, wanted.decode().splitlines())
    lacking = [line for line in _NEEDED_LINES.get(path, ()) if line not in lines]
    if lacking:
        yield f"add to {path}, each on its own line: {' '.join(lacking)}{_REASONS.get(path, '')}"
    if path in _ADVICE:
        yield f"{path}: {_ADVICE[path]}"


def _missing_requirements(lines: list[str], wanted: list[str]) -> Iterator[str]:
    there = {name for line in lines if (name := _requirement(line))}
    # What else our requirements pin comes with these, or is for this machine alone.
    ours = [line.partition("#")[0].strip() for line in wanted if line.startswith("apache-airflow")]
    lacking = [line for line in ours if _requirement(line) not in there]
    if lacking:
        yield f"add to requirements.txt what it lacks: {' '.join(lacking)}"
    if any(re.match(r"apache-airflow\s*==\s*2\.", line) for line in lines):
        yield "requirements.txt has Airflow 2; EMR Pipelines needs 3.0.6 or newer"


def _requirement(line: str) -> str:
    found = _NAME.match(line)
    return "" if found is None else re.sub(r"[-_.]+", "-", found[0]).lower()

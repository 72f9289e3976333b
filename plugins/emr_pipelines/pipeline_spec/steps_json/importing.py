"""Imports a steps.json and its cluster as one spec: the text of the file, what is not carried over, and the files to copy. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emr_pipelines.errors import Problem, SpecError
from emr_pipelines.pipeline_spec.project_files.project import relative_name
from emr_pipelines.pipeline_spec.steps_json.cluster import cluster_without_file, import_cluster
from emr_pipelines.pipeline_spec.steps_json.findings import Comments, LegacyFile, read_legacy
from emr_pipelines.pipeline_spec.steps_json.local_files import LocalFiles
from emr_pipelines.pipeline_spec.steps_json.models import LegacyCluster, LegacySteps, cluster_fallback, steps_fallback
from emr_pipelines.pipeline_spec.steps_json.steps import import_steps
from emr_pipelines.pipeline_spec.steps_json.yaml_writing import write_yaml

_BOOTSTRAP = "bootstrap-action.sh"
_SCHEMA_LINE = "# yaml-language-server: $schema=../schema/pipeline.schema.json\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPipeline:
    """A spec's text. `notes` say what it does not have, or has otherwise; `copies` are files by the path that they get in the project."""

    text: str
    notes: tuple[Problem, ...]
    copies: Mapping[str, Path]


def import_system(steps_file: Path, cluster_file: Path | None, *, name: str, project_root: Path) -> ImportedPipeline:
    """The pipeline `name` from the two files. Raises SpecError with every problem of both."""
    steps = read_legacy(LegacySteps, steps_file, relative_name(steps_file, project_root), steps_fallback)
    local = LocalFiles(steps_file.absolute().parent, project_root, name)
    imported = import_steps(steps, local)
    files: list[LegacyFile[Any]] = [steps]
    cluster = cluster_without_file()
    if cluster_file is not None:
        read = read_legacy(LegacyCluster, cluster_file, relative_name(cluster_file, project_root), cluster_fallback)
        files.append(read)
        cluster = import_cluster(read)
    else:
        steps.note((), "no cluster file was given", "Look whether this small cluster will do.", at=("cluster",))
    cluster |= _bootstrap(steps, local)
    problems = [problem for file in files for problem in file.problems]
    if problems:
        raise SpecError(problems)
    spec = {"name": name, "description": f"Imported from {steps_file.name}", "cluster": cluster, "steps": imported}
    return ImportedPipeline(
        text=_SCHEMA_LINE + write_yaml(spec, _all_comments(steps_file.name, files)),
        notes=tuple(note for file in files for note in sorted(file.notes)),
        copies=local.copies,
    )


def _bootstrap(steps: LegacyFile[LegacySteps], local: LocalFiles) -> dict[str, Any]:
    """The script that the old tool ran on every node, under its own fixed name."""
    found = local.find(_BOOTSTRAP)
    if found is not None:
        return {"bootstrap": [{"script": local.place(found), "name": "libraries"}]}
    message = f"there is no {_BOOTSTRAP} beside steps.json, which the old tool ran on every node"
    steps.note((), message, "Write `bootstrap` if the scripts need it.", at=("cluster",))
    return {}


def _all_comments(source: str, files: list[LegacyFile[Any]]) -> Comments:
    """The comments of both files by their place; a first line says where the spec comes from."""
    comments: Comments = {
        (): [f"Imported from {source} by `emr-pipelines import-legacy`. What is not as it was is said above its place."]
    }
    for file in files:
        for path, texts in file.comments.items():
            comments.setdefault(path, []).extend(texts)
    return comments

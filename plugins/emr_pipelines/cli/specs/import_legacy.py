"""`emr-pipelines import-legacy`: writes a spec from the older system's steps.json and cluster JSON. Imports neither Airflow nor boto3."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Annotated

import typer

from emr_pipelines.cli.project.options import EnvironmentOption, choose_environment
from emr_pipelines.cli.terminal.file_writing import writing
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.loader import check_pipeline
from emr_pipelines.pipeline_spec.notation.forms import FORMS, NAME
from emr_pipelines.pipeline_spec.project_files.project import PIPELINES, find_project_root, relative_name
from emr_pipelines.pipeline_spec.steps_json.importing import ImportedPipeline, import_system

_DAG_FILE = '''"""The pipeline {name}, imported from an older system; its spec is config/pipelines/{file}."""

from emr_pipelines import build_airflow_dag

dag = build_airflow_dag(__file__)
'''


def import_legacy_command(
    steps: Annotated[Path, typer.Argument(help="The steps.json.", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="The spec to write: config/pipelines/NAME.yaml.")],
    cluster: Annotated[
        Path | None, typer.Option(help="The cluster's file, such as cluster-ec2-spot-fleet.json.", exists=True)
    ] = None,
    dag: Annotated[bool, typer.Option("--dag", help="Write dags/NAME.py too, unless it exists.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the spec and the copies of scripts.")] = False,
    env: EnvironmentOption = None,
) -> None:
    """Write a spec from a steps.json. What is not carried over is listed on stderr and said in the spec. Exits with 1 when nothing could be written, or when the spec has problems.

    Example: emr-pipelines import-legacy steps.json --cluster cluster.json --out config/pipelines/words.yaml
    """
    root = _root_of(out)
    imported = import_system(steps, cluster, name=out.stem, project_root=root)
    _refuse_existing(out, imported, root, force=force)
    with writing(out, "--out"):
        for file in _write(out, imported, root):
            typer.echo(f"wrote {relative_name(file, root)}")
        if dag:
            _write_dag(root / "dags" / f"{out.stem}.py", out.name)
    for note in imported.notes:
        typer.echo(str(note), err=True)
    typer.echo(f"{len(imported.notes)} {'note' if len(imported.notes) == 1 else 'notes'}", err=True)
    problems = check_pipeline(out, environment=choose_environment(env), project_root=root)
    for problem in problems:
        typer.echo(str(problem), err=True)
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(1)


def _root_of(out: Path) -> Path:
    """The project of the spec to write, whose name and place must be those of a spec."""
    root = find_project_root(out.absolute().parent)
    if out.resolve().parent != root / PIPELINES or out.suffix not in (".yaml", ".yml"):
        raise EmrPipelinesError(
            f"--out {out} is no place for a spec; write it to {(PIPELINES / 'NAME.yaml').as_posix()} of a project"
        )
    if not re.fullmatch(NAME, out.stem):
        raise EmrPipelinesError(f"--out {out}: {out.stem!r} is no name for a pipeline; use {FORMS[NAME]}")
    return root


def _refuse_existing(out: Path, imported: ImportedPipeline, root: Path, *, force: bool) -> None:
    changed = [
        target
        for target, source in imported.copies.items()
        if (root / target).exists() and (root / target).read_bytes() != source.read_bytes()
    ]
    existing = [*([relative_name(out, root)] if out.exists() else []), *changed]
    if existing and not force:
        raise EmrPipelinesError(
            f"Nothing was written: {', '.join(existing)} exists; choose another name, or add --force to overwrite"
        )


def _write(out: Path, imported: ImportedPipeline, root: Path) -> list[Path]:
    """Write the copies and then the spec that names them; returns what was written."""
    for target, source in imported.copies.items():
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, root / target)
    out.write_text(imported.text, encoding="utf-8")
    return [*(root / target for target in imported.copies), out]


def _write_dag(file: Path, spec: str) -> None:
    if file.exists():
        typer.echo(f"kept dags/{file.name}, which exists")
        return
    file.parent.mkdir(exist_ok=True)
    file.write_text(_DAG_FILE.format(name=file.stem, file=spec), encoding="utf-8")
    typer.echo(f"wrote dags/{file.name}")

"""`emr-pipelines new`: the files of a pipeline of one's own, which runs at once. Imports neither Airflow nor boto3."""

from __future__ import annotations

import datetime as dt
import re
import sys
import unicodedata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emr_pipelines.authoring.legacy_pipeline import import_steps
from emr_pipelines.authoring.names import check_name
from emr_pipelines.authoring.new_files import refuse_existing, remove, write_new
from emr_pipelines.authoring.new_pipeline import TEMPLATES, NewPipeline, Order, Template, of_file, of_own_sample
from emr_pipelines.cli.authoring.file_look import describe_file
from emr_pipelines.cli.project.options import EnvironmentOption, choose_environment
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.file_writing import writing
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.cli.terminal.shown_paths import own_command, shown_path
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.errors import EmrPipelinesError, Problem, SpecError
from emr_pipelines.pipeline_spec.loader import check_pipeline
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.pipeline_spec.project_files.project import PIPELINES, SUFFIXES, find_project_root

_LONGEST_SAMPLE_NAME = 40


def new_command(
    name: Annotated[str, typer.Argument(help="The pipeline's name: also that of its DAG and its Python package.")],
    template: Annotated[
        str,
        typer.Option(help="What to start from: spark, streaming (Hadoop Streaming), sql, or legacy (a steps.json)."),
    ] = "spark",
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="A CSV, TSV, JSON or Parquet file of yours: the pipeline reads its columns. With --template legacy a steps.json.",
        ),
    ] = None,
    schedule: Annotated[
        str | None, typer.Option(help="When it runs, such as @yearly or '0 6 * * 1'; default: by hand only.")
    ] = None,
    env: EnvironmentOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Write a new pipeline: jobs, spec, DAG, test and a sample input. Nothing that exists is changed.

    Example: emr-pipelines new sales --from sales.csv --schedule @monthly
    """
    console = plain_console(stderr=as_json)
    root = find_project_root(Path.cwd())
    check_name(name)
    order = Order(name=name, template=_template(template), schedule=schedule, today=dt.datetime.now(dt.UTC).date())
    refuse_existing(root, _own_places(name))
    written, notes = _write(root, order, source, choose_environment(env), console)
    commands = _next_commands(root, order, written)
    if as_json:
        print_json({"name": name, "files": written, "notes": notes, "next": [command for command, _ in commands]})
        return
    _tell(root, written, notes, commands, console)


def _template(text: str) -> Template:
    for known in TEMPLATES:
        if text == known:
            return known
    raise typer.BadParameter(
        f"there is no template {text!r}. {suggest(text, TEMPLATES, 'templates')}", param_hint="--template"
    )


def _own_places(name: str) -> list[str]:
    """Files and folders that a new pipeline of this name would share with another one."""
    specs = [(PIPELINES / f"{name}{suffix}").as_posix() for suffix in SUFFIXES]
    folders = [f"include/{room}/{name}" for room in ("pyspark", "streaming", "legacy", "data")]
    return [*specs, f"dags/{name}.py", f"tests/test_{name}.py", *folders]


def _write(
    root: Path, order: Order, source: Path | None, environment: str, console: Console
) -> tuple[list[str], list[str]]:
    """Write the files and check the spec; returns their paths and words about them. When the spec has problems, nothing stays."""
    pipeline = _make(root, order, source, console)
    written, notes = list[str](), list(pipeline.notes)
    with writing(root):
        try:
            write_new(root, pipeline.files)
            written += pipeline.files
            if order.template == "legacy":
                steps = root / f"include/legacy/{order.name}/steps.json" if source is None else source
                imported = import_steps(order, steps, root)
                write_new(root, imported.files)
                written += imported.files
                notes += imported.notes
            _refuse_problems(root, order, environment)
        except BaseException:
            remove(root, written)
            raise
    return sorted(written), notes


def _make(root: Path, order: Order, source: Path | None, console: Console) -> NewPipeline:
    if order.template == "legacy" and source is not None:
        if not source.is_file():
            raise EmrPipelinesError(f"--from {source}: there is no such file; name the steps.json")
        return NewPipeline(files={f"dags/{order.name}.py": of_own_sample(order).files[f"dags/{order.name}.py"]})
    if source is None:
        return of_own_sample(order)
    if order.template != "spark":
        raise EmrPipelinesError(
            f"--from {source} makes a pipeline of the template spark, not of {order.template}; leave one of them out"
        )
    with show_waiting(f"looking at {source.name}", console):
        described, sample = describe_file(root, source, name=_sample_name(source))
    return of_file(order, described, sample, shown=source.name)


def _sample_name(source: Path) -> str:
    """A name for the sample that S3, Hadoop and every shell take as it is."""
    stem = source.name.partition(".")[0] or "sample"
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:_LONGEST_SAMPLE_NAME].lower() or "sample"


def _refuse_problems(root: Path, order: Order, environment: str) -> None:
    spec = root / PIPELINES / f"{order.name}.yaml"
    problems: list[Problem] = [
        problem
        for problem in check_pipeline(spec, environment=environment, project_root=root)
        if problem.severity == "error"
    ]
    if problems:
        raise SpecError(problems)


def _next_commands(root: Path, order: Order, written: list[str]) -> list[tuple[str, str]]:
    tool, name = own_command(), order.name
    test = f"tests/test_{name}.py"
    python = shown_path(Path(sys.executable))
    commands = [(f"{tool} run {name}", "a whole run on this machine, and where its outputs are")]
    if test in written:
        commands.append((f"{python} -m pytest {shown_path(root / test)}", "its test"))
    return [*commands, (f"{tool} plan {name} --env aws", "what it would do and cost on AWS")]


def _tell(root: Path, written: list[str], notes: list[str], commands: list[tuple[str, str]], console: Console) -> None:
    console.print("Wrote", style="bold")
    for path in written:
        console.print(f"    {shown_path(root / path)}", highlight=False, soft_wrap=True)
    if notes:
        console.print("\nNotes", style="bold")
    for note in notes:
        console.print(f"    {note}", highlight=False, soft_wrap=True)
    console.print("\nNext", style="bold")
    width = max(len(command) for command, _ in commands)
    for command, purpose in commands:
        console.print(f"    {command:<{width}} # {purpose}", highlight=False, soft_wrap=True)

"""`emr-pipelines render NAME --date DAY`: the bare bodies of a run's requests, as EMR's API takes them. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from emr_pipelines.cli.plan.baseline import record_of
from emr_pipelines.cli.plan.dates import ParamOption, run_of_date
from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.project.plans import plan_of
from emr_pipelines.cli.terminal.file_writing import writing
from emr_pipelines.cli.terminal.json_text import json_text, print_json
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_binding import BoundRun

# No step has these names: those hold no dash.
_CLUSTER = "run-job-flow"
_SECURITY = "create-security-configuration"


def render_command(
    name: Annotated[str, typer.Argument(help="A pipeline in config/pipelines.")],
    date: Annotated[str, typer.Option(help="Logical date of the run, YYYY-MM-DD.")],
    env: EnvironmentOption = None,
    param: ParamOption = None,
    only: Annotated[
        str | None, typer.Option(metavar="BODY", help=f"One body only: {_SECURITY}, {_CLUSTER} or the name of a step.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write one file for each body into this folder, and print its name."),
    ] = None,
) -> None:
    """Print the bodies of all requests of one run as JSON, as EMR's API takes them. EMR finds the code once a run has published it.

    Example: emr-pipelines render word_clouds --env aws --date 2005-01-01 --out bodies/
    """
    project = load_project(env)
    plan = plan_of(project, name)
    bodies = _bodies(plan, run_of_date(plan, record_of(plan, project.root), date, param or []).requests)
    if only is not None and only not in bodies:
        raise EmrPipelinesError(f"--only {only!r}: {name} sends no such body. {suggest(only, bodies, 'bodies')}")
    chosen = bodies if only is None else {only: bodies[only]}
    if out is not None:
        with writing(out, "--out"):
            _write(chosen, out)
    else:
        print_json(chosen if only is None else bodies[only])


def _bodies(plan: Plan, requests: BoundRun) -> dict[str, Any]:
    """Each body by its name, in the order in which a run sends them; a long-running cluster has none."""
    security = plan.cluster.security_configuration
    before = {} if security is None else {_SECURITY: {"Name": security.name, "SecurityConfiguration": security.text}}
    cluster = {} if requests.run_job_flow is None else {_CLUSTER: requests.run_job_flow}
    steps = zip(plan.steps, requests.add_job_flow_steps, strict=True)
    return before | cluster | {step.name: body for step, body in steps}


def _write(bodies: Mapping[str, Any], folder: Path) -> None:
    """Each body as a file with the name of its operation, those of the steps numbered in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = [name for name in bodies if name not in (_SECURITY, _CLUSTER)]
    digits = len(str(len(steps)))
    for name, body in bodies.items():
        stem = name if name not in steps else f"add-job-flow-steps-{steps.index(name) + 1:0{digits}}-{name}"
        file = folder / f"{stem}.json"
        file.write_text(json_text(body) + "\n", encoding="utf-8")
        typer.echo(str(file))

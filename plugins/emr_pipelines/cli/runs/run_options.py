"""What all verbs that look at runs take alike, and where they read: the environment's EMR and S3, on this machine an emr_local that is started for as long as the verb needs it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from emr_pipelines.cli.local.endpoint import LocalEndpoint
from emr_pipelines.cli.local.server import joined_server
from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages, emr_api, s3_client
from emr_pipelines.cli.project.options import Project, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.project_files.project import pipeline_names
from emr_pipelines.run_records.run_choice import ChosenRun, RunFilter, choose_run
from emr_pipelines.run_records.run_report import RunReport, report_run
from emr_pipelines.run_records.sources import RunSources

RunArgument = Annotated[
    str, typer.Argument(help="A pipeline (its newest run), or the id of a cluster (j-…).", metavar="PIPELINE|j-…")
]
StepRunArgument = Annotated[
    str,
    typer.Argument(
        help="A pipeline (its newest run), or the id of a cluster (j-…) or of a step (s-…).",
        metavar="PIPELINE|j-…|s-…",
    ),
]
StepArgument = Annotated[str | None, typer.Argument(help="A step of the pipeline.", metavar="STEP")]
DateOption = Annotated[str | None, typer.Option("--date", help="The run of this logical date (YYYY-MM-DD).")]
YearOption = Annotated[int | None, typer.Option("--year", help="The newest run that is about this year.")]
RunOption = Annotated[str | None, typer.Option("--run", metavar="RUN_ID", help="The run with this id.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReader:
    """An environment of a project, ready to be asked. `endpoint` is the emr_local that answers; None on AWS."""

    project: Project
    sources: RunSources
    endpoint: LocalEndpoint | None

    def choose(self, wanted: str, which: RunFilter) -> ChosenRun:
        """The run that is meant. Raises EmrPipelinesError as `choose_run` does."""
        return choose_run(self.sources, wanted, which, pipelines=pipeline_names(self.project.root))

    def report(self, chosen: ChosenRun) -> RunReport:
        """The run as it is now."""
        return report_run(self.sources, chosen, now=dt.datetime.now(dt.UTC))

    def local_path(self, address: str) -> Path | None:
        """The file or folder of this machine behind an s3:// address; None on AWS."""
        return None if self.endpoint is None else self.endpoint.local_path(address)


def run_filter(date: str | None, year: int | None, run_id: str | None) -> RunFilter:
    """The options as one choice. Raises EmrPipelinesError for a date that is none."""
    if date is not None:
        try:
            date = dt.date.fromisoformat(date).isoformat()
        except ValueError as error:
            raise EmrPipelinesError(f"--date {date!r} is not a date; the form is YYYY-MM-DD") from error
    return RunFilter(date=date, year=year, run_id=run_id)


@contextmanager
def run_reader(env: str | None, verb: str) -> Iterator[RunReader]:
    """The environment, asked for as long as the block takes; what AWS refuses in it is one sentence."""
    project = load_project(env)
    with ExitStack() as stack:
        endpoint = None
        if is_loopback(project.environment.connection.endpoint_url):
            project, endpoint = _join(stack, project, verb)
        environment = project.environment
        stack.enter_context(aws_errors_as_messages(environment))
        sources = RunSources(
            api=emr_api(environment),
            s3=s3_client(environment),
            environment=environment.name,
            region=environment.region,
            bucket=environment.bucket,
        )
        yield RunReader(project=project, sources=sources, endpoint=endpoint)


def _join(stack: ExitStack, project: Project, verb: str) -> tuple[Project, LocalEndpoint]:
    """The project's emr_local: the one that runs, else one that keeps the state of earlier runs and is started for this verb, which is said."""
    errors = plain_console(stderr=True)

    def tell(words: str) -> None:
        errors.print(words, soft_wrap=True, highlight=False)

    server = stack.enter_context(joined_server(project, f"emr-pipelines {verb}", tell, warm_jvms=0))
    with show_waiting("starting emr_local, which knows the runs on this machine", errors):
        return server.project, server.wait_until_ready()

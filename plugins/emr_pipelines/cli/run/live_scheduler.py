"""Keeps a run of `emr-pipelines run` from a scheduler that runs beside it on the same database, which would take tasks of the run for its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from emr_pipelines.airflow_api.api_calls import AirflowApi
from emr_pipelines.airflow_api.dags import UnknownDag, read_dag, set_paused
from emr_pipelines.airflow_api.refusals import AirflowSilence
from emr_pipelines.airflow_api.runs import has_live_runs
from emr_pipelines.cli.airflow_home.running import find_own_airflow
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.errors import EmrPipelinesError

# One that was started just now answers after some seconds.
_PATIENCE_SECONDS = 60.0


@contextmanager
def kept_from_scheduler(project: Project, pipeline: str, console: Console) -> Iterator[None]:
    """Pause the pipeline in this project's Airflow, if one runs here and would run it, for the length of the block.

    Raises EmrPipelinesError when runs of it are under way there, which would stand still.
    """
    address = find_own_airflow(project.root)
    if address is None:
        yield
        return
    api = AirflowApi(address, patience=_PATIENCE_SECONDS)
    with show_waiting("asking the Airflow that runs here", console):
        must_pause = _would_run(api, pipeline)
    if not must_pause:
        yield
        return
    set_paused(api, pipeline, is_paused=True)
    console.print(
        f"{pipeline} is paused in the Airflow at {api.url} until this run is over: its scheduler would take tasks of the run for its own",
        soft_wrap=True,
    )
    try:
        yield
    finally:
        _unpause(api, pipeline, console)


def _would_run(api: AirflowApi, pipeline: str) -> bool:
    """Whether the scheduler would take tasks of the pipeline's runs."""
    try:
        dag = read_dag(api, pipeline)
    except UnknownDag:
        return False
    if not dag.is_paused and has_live_runs(api, pipeline):
        raise EmrPipelinesError(
            f"Runs of {pipeline} are under way in the Airflow at {api.url}, whose scheduler would take tasks of this run for its own; "
            f"nothing was started. Wait for their end, make this run there (`emr-pipelines backfill {pipeline} --from … --to …`), "
            "or run it without Airflow: add --inline"
        )
    return not dag.is_paused


def _unpause(api: AirflowApi, pipeline: str, console: Console) -> None:
    try:
        set_paused(AirflowApi(api.address), pipeline, is_paused=False)
    except AirflowSilence:  # it was stopped meanwhile
        console.print(f"{pipeline} is still paused in Airflow, which answers no more; unpause it there", soft_wrap=True)

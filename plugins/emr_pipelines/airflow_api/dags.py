"""DAGs as Airflow knows them: whether one is there, paused, or cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePosixPath

from emr_pipelines.airflow_api.api_calls import AirflowApi, quoted
from emr_pipelines.airflow_api.refusals import AirflowRefusal
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.spelling import suggest

_ERROR_LINES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DagState:
    """A DAG that the scheduler can run; `is_paused`: it does not, until somebody says so. Among its tags is the environment that it runs in."""

    dag_id: str
    is_paused: bool
    tags: tuple[str, ...]


class UnknownDag(EmrPipelinesError):
    """Airflow has no such DAG, or not yet: a new file is seen some time after it was written."""


def read_dag(api: AirflowApi, dag_id: str) -> DagState:
    """The DAG. Raises UnknownDag when there is none, and EmrPipelinesError with Airflow's words when its file cannot be read."""
    try:
        found = api.call("GET", f"/dags/{quoted(dag_id)}")
    except AirflowRefusal as refusal:
        if refusal.status != HTTPStatus.NOT_FOUND:
            raise
        _raise_import_error(api, dag_id)
        raise UnknownDag(_words_of_unknown(api, dag_id)) from None
    if found.get("has_import_errors"):
        _raise_import_error(api, dag_id)
    if found.get("is_stale"):
        raise UnknownDag(
            f"Airflow at {api.url} no longer finds the file of the DAG {dag_id}. Deploy dags/{dag_id}.py there again"
        )
    return DagState(dag_id=dag_id, is_paused=bool(found["is_paused"]), tags=tuple(tag["name"] for tag in found["tags"]))


def set_paused(api: AirflowApi, dag_id: str, *, is_paused: bool) -> None:
    """Have the scheduler leave the runs of the DAG alone, or run them."""
    api.call("PATCH", f"/dags/{quoted(dag_id)}", {"is_paused": is_paused})


def _raise_import_error(api: AirflowApi, dag_id: str) -> None:
    """Raise what Airflow says of the DAG's file, if it could not read it; another user's right to see errors may be missing, and then nothing is known."""
    try:
        errors = list(api.pages("/importErrors", "import_errors", {}))
    except AirflowRefusal:
        return
    for error in errors:
        if PurePosixPath(error["filename"]).stem == dag_id:
            lines = error["stack_trace"].strip().splitlines()[-_ERROR_LINES:]
            words = "\n".join(f"    {line}" for line in lines)
            raise EmrPipelinesError(
                f"Airflow at {api.url} cannot read {error['filename']}:\n{words}\n"
                "Correct it (`emr-pipelines validate` checks the spec), and wait until Airflow has read it again"
            )


def _words_of_unknown(api: AirflowApi, dag_id: str) -> str:
    names = [dag["dag_id"] for dag in api.pages("/dags", "dags", {})]
    return (
        f"Airflow at {api.url} has no DAG {dag_id!r}. {suggest(dag_id, names, 'DAGs')} "
        f"One whose dags/{dag_id}.py is new there appears within a minute or some"
    )

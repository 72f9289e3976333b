"""Airflow's backfills: which runs one would make, making it, finding it again, cancelling it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from emr_pipelines.airflow_api.api_calls import AirflowApi
from emr_pipelines.airflow_api.refusals import AirflowRefusal, AirflowSilence
from emr_pipelines.airflow_api.runs import list_runs
from emr_pipelines.errors import EmrPipelinesError

# What Airflow does about dates that have a run already: nothing, run the failed ones again.
Reprocess = Literal["none", "failed"]
_ATTEMPTS = 6
# Airflow writes the backfill first and its runs after that.
_NEW = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """One backfill; `completed` once the scheduler has seen that its runs are over, or somebody cancelled it."""

    backfill_id: int
    dag_id: str
    first: dt.datetime
    last: dt.datetime
    max_active_runs: int
    reprocess: str
    is_paused: bool
    created: dt.datetime
    completed: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """A backfill that is to be made, for the logical dates from `first` to `last`."""

    dag_id: str
    first: dt.datetime
    last: dt.datetime
    max_active_runs: int
    reprocess: Reprocess
    params: dict[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """As Airflow takes it."""
        return {
            "dag_id": self.dag_id,
            "from_date": self.first.isoformat(),
            "to_date": self.last.isoformat(),
            "max_active_runs": self.max_active_runs,
            "reprocess_behavior": self.reprocess,
            "run_backwards": False,
            "dag_run_conf": self.params or {},
        }


def dates_to_run(api: AirflowApi, request: BackfillRequest) -> tuple[dt.datetime, ...]:
    """The logical dates for which this backfill would make a run, or run one again."""
    answer = _of_backfills(api, "POST", "/backfills/dry_run", request.body())
    return tuple(_moment(one["logical_date"]) for one in answer["backfills"])


def create_backfill(api: AirflowApi, request: BackfillRequest) -> Backfill:
    """Make it. Raises EmrPipelinesError when Airflow refuses, with the backfill that is in its way if one is.

    When the answer is lost, the backfill that it may have made is looked for.
    """
    open_one = find_open_backfill(api, request.dag_id)
    if open_one is not None:
        if not _is_done(api, open_one):
            raise EmrPipelinesError(_words_of_other(open_one))
        close_backfill(api, open_one.backfill_id)
    try:
        return _backfill_of(_of_backfills(api, "POST", "/backfills", request.body()))
    except (AirflowSilence, AirflowRefusal) as error:
        made = _made_in_spite(api, request, error)
        if made is None:
            raise
        return made


def find_open_backfill(api: AirflowApi, dag_id: str) -> Backfill | None:
    """The one that still makes runs; Airflow allows one for each DAG."""
    return next((one for one in list_backfills(api, dag_id) if one.completed is None), None)


def list_backfills(api: AirflowApi, dag_id: str) -> list[Backfill]:
    """All backfills of the DAG, the newest first."""
    found = api.pages("/backfills", "backfills", {"dag_id": dag_id, "order_by": "id"})
    return sorted(map(_backfill_of, found), key=lambda one: one.backfill_id, reverse=True)


def read_backfill(api: AirflowApi, backfill_id: int) -> Backfill:
    """One backfill as it is now."""
    return _backfill_of(api.call("GET", f"/backfills/{backfill_id}"))


def cancel_backfill(api: AirflowApi, backfill_id: int) -> Backfill:
    """Have it make no more runs: those that wait fail, those that run go on to their end."""
    return _backfill_of(api.call("PUT", f"/backfills/{backfill_id}/cancel"))


def close_backfill(api: AirflowApi, backfill_id: int) -> None:
    """Have Airflow see that all runs of it are over, which the scheduler notices two minutes later or more; until then no other can be made. Only for one whose runs are."""
    try:
        cancel_backfill(api, backfill_id)
    except AirflowRefusal as refusal:
        if refusal.status != HTTPStatus.CONFLICT:  # the scheduler was faster
            raise


def _is_done(api: AirflowApi, backfill: Backfill) -> bool:
    """Whether all its runs are over. One that is new may be without its runs yet."""
    age = dt.datetime.now(dt.UTC) - backfill.created
    if age < _NEW:
        return False
    runs = list_runs(api, backfill.dag_id, backfill.first, backfill.last)
    return all(run.is_over for run in runs.values())


def _of_backfills(api: AirflowApi, method: str, path: str, body: dict[str, Any]) -> Any:
    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, AirflowRefusal) and error.is_locked),
        wait=wait_exponential(multiplier=0.5, max=5),
        stop=stop_after_attempt(_ATTEMPTS),
        reraise=True,
    )
    try:
        return retrying(api.call, method, path, body)
    except AirflowRefusal as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND and not refusal.detail.startswith("Could not find"):
            raise EmrPipelinesError(
                f"Airflow at {api.url} has no backfills in its REST API; this needs Airflow 3.0 or later"
            ) from refusal
        raise


def _made_in_spite(api: AirflowApi, request: BackfillRequest, error: Exception) -> Backfill | None:
    """The backfill that was made although its answer was lost."""
    if isinstance(error, AirflowSilence) and not error.may_have_arrived:
        return None
    if isinstance(error, AirflowRefusal) and error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    found = find_open_backfill(api, request.dag_id)
    same = found is not None and (found.first, found.last) == (request.first, request.last)
    return found if same else None


def _words_of_other(other: Backfill) -> str:
    return (
        f"{other.dag_id} has a backfill already, from {other.first:%Y-%m-%d} to {other.last:%Y-%m-%d}, and Airflow makes one at a time. "
        f"Follow it: emr-pipelines backfill {other.dag_id} --follow; or cancel it: emr-pipelines backfill {other.dag_id} --cancel"
    )


def _backfill_of(shown: dict[str, Any]) -> Backfill:
    completed = shown["completed_at"]
    return Backfill(
        backfill_id=shown["id"],
        dag_id=shown["dag_id"],
        first=_moment(shown["from_date"]),
        last=_moment(shown["to_date"]),
        max_active_runs=shown["max_active_runs"],
        reprocess=shown["reprocess_behavior"],
        is_paused=bool(shown["is_paused"]),
        created=_moment(shown["created_at"]),
        completed=None if completed is None else _moment(completed),
    )


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)

"""What a backfill has come to, date by date: the places that were published, and why runs failed. Shows nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emr_pipelines.airflow_api.api_calls import AirflowApi
from emr_pipelines.airflow_api.backfill_watch import BackfillProgress, DateProgress
from emr_pipelines.airflow_api.runs import TaskFailure, failures_of, read_xcom
from emr_pipelines.pipeline_spec.notation.task_names import OUTPUT_KEY, PUBLISHED_KEY

_NEVER_BEGAN = "no task of it failed: it was cancelled before it began, or somebody marked it as failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateOutcome:
    """One date's end: `outputs` are the published places of its run, or else the outputs of its steps; `failures` say what failed and why."""

    progress: DateProgress
    outputs: tuple[str, ...] = ()
    failures: tuple[TaskFailure, ...] = ()


class FailureWords:
    """Why runs failed, asked once for each run."""

    def __init__(self, api: AirflowApi, dag_id: str) -> None:
        self._api = api
        self._dag_id = dag_id
        self._found: dict[tuple[str, dt.datetime | None], tuple[TaskFailure, ...]] = {}

    def of(self, progress: DateProgress) -> tuple[TaskFailure, ...]:
        """The failures of a date's run; empty for one that has not failed."""
        run = progress.run
        if run is None or progress.state != "failed":
            return ()
        key = (run.run_id, run.ended)
        if key not in self._found:
            found = failures_of(self._api, self._dag_id, run.run_id)
            self._found[key] = found or (TaskFailure(task_id="", error=_NEVER_BEGAN),)
        return self._found[key]


def outcomes(
    api: AirflowApi, progress: BackfillProgress, waits: Sequence[str], failures: FailureWords
) -> Iterator[DateOutcome]:
    """What each date has come to; `waits` are the ids of the tasks that wait for steps with an output, in their order."""
    for date in progress.dates:
        yield DateOutcome(
            progress=date,
            outputs=tuple(_outputs_of(api, progress.backfill.dag_id, date, waits)),
            failures=failures.of(date),
        )


def _outputs_of(api: AirflowApi, dag_id: str, date: DateProgress, waits: Sequence[str]) -> list[str]:
    if date.run is None or date.state != "success":
        return []
    for key in (PUBLISHED_KEY, OUTPUT_KEY):
        found = (read_xcom(api, dag_id, date.run.run_id, task_id, key) for task_id in waits)
        places = [str(place) for place in found if place is not None]
        if places:
            return places
    return []

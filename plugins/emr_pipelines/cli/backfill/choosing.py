"""From a range of dates to the backfill that is to be made: what the schedule gives, what Airflow has, what it costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emr_pipelines.airflow_api.api_calls import AirflowApi
from emr_pipelines.airflow_api.backfills import BackfillRequest, Reprocess, dates_to_run
from emr_pipelines.airflow_api.runs import list_runs
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.backfill_choice import ChosenRun, choose_failed, choose_missing, refuse_other_dates
from emr_pipelines.plan.runs.run_dates import ScheduledRun


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillChoice:
    """The runs in question, and the request that makes those that are to be made; None when there is nothing to make."""

    runs: tuple[ChosenRun, ...]
    request: BackfillRequest | None

    @property
    def dates(self) -> tuple[dt.datetime, ...]:
        """The logical dates, in their order."""
        return tuple(run.date for run in self.runs)

    @property
    def to_run(self) -> int:
        """How many runs are made or run again."""
        return sum(run.action != "keep" for run in self.runs)


def choose_backfill(
    api: AirflowApi,
    plan: Plan,
    due: Sequence[ScheduledRun],
    params: Mapping[str, Any],
    *,
    max_active: int | None,
    only_failed: bool,
) -> BackfillChoice:
    """Compare the schedule with what Airflow has, and with what it would make. Raises EmrPipelinesError when they do not agree."""
    found = list_runs(api, plan.name, due[0].logical_date, due[-1].logical_date)
    states = {date: run.state for date, run in found.items()}
    runs = choose_failed(due, states) if only_failed else choose_missing(due, states)
    if all(run.action == "keep" for run in runs):
        return BackfillChoice(runs=runs, request=None)
    reprocess: Reprocess = "failed" if only_failed else "none"
    request = BackfillRequest(
        dag_id=plan.name,
        first=runs[0].date,
        last=runs[-1].date,
        max_active_runs=max_active or plan.max_active_runs,
        reprocess=reprocess,
        params=dict(params),
    )
    refuse_other_dates(plan, runs, dates_to_run(api, request))
    return BackfillChoice(runs=runs, request=request)

"""Follows a backfill until it is over, or cancels it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence

from rich.console import Console

from emr_pipelines.airflow_api.backfill_outcome import FailureWords, outcomes
from emr_pipelines.airflow_api.backfill_watch import follow
from emr_pipelines.airflow_api.backfills import (
    Backfill,
    cancel_backfill,
    close_backfill,
    find_open_backfill,
    list_backfills,
)
from emr_pipelines.cli.backfill.airflow_access import AirflowAccess, dag_of, provided_airflow, reachable_airflow
from emr_pipelines.cli.backfill.ending import Places, end_json, show_end, tell_interruption
from emr_pipelines.cli.backfill.progress_view import ProgressView
from emr_pipelines.cli.local.endpoint import LocalEndpoint
from emr_pipelines.cli.local.state_folder import state_folder_of
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.runs.run_dates import scheduled_runs
from emr_pipelines.plan.task_ids import wait_task


def follow_to_the_end(
    project: Project,
    access: AirflowAccess,
    plan: Plan,
    backfill: Backfill,
    dates: Sequence[dt.datetime],
    console: Console,
    *,
    as_json: bool,
) -> int:
    """Show it until all dates are over, then what came of it. The exit code: 0 when every date has a green run."""
    api = access.patient()
    failures = FailureWords(api, plan.name)
    try:
        with ProgressView(console, failures) as view:
            for progress in follow(api, backfill, dates, time.sleep):
                view.show(progress)
        if progress.backfill.completed is None:
            close_backfill(api, backfill.backfill_id)
        ended = list(outcomes(api, progress, _waits(plan), failures))
    except KeyboardInterrupt:
        tell_interruption(plan, console, ends_airflow=access.is_own)
        raise
    if as_json:
        print_json(end_json(plan, progress, ended))
    else:
        show_end(plan, progress, ended, _places(project, access), console)
    return int(not progress.is_green)


def follow_latest(project: Project, plan: Plan, console: Console, *, as_json: bool) -> int:
    """Follow the backfill that goes on, else show how the last one ended. Raises EmrPipelinesError when there was none."""
    with provided_airflow(project, reachable_airflow(project), plan, console) as access:
        dag = dag_of(access, plan, console)
        found = list_backfills(access.api, plan.name)
        if not found:
            raise EmrPipelinesError(
                f"Airflow at {access.api.url} has no backfill of {plan.name}. Make one with --from and --to"
            )
        if dag.is_paused and found[0].completed is None:
            console.print(
                f"{plan.name} is paused in Airflow, so no task of it starts; unpause it there", soft_wrap=True
            )
        dates = _dates_of(plan, found[0])
        return follow_to_the_end(project, access, plan, found[0], dates, console, as_json=as_json)


def cancel_open(project: Project, plan: Plan, console: Console) -> int:
    """End the backfill that goes on. The exit code: 0 when there was one."""
    with provided_airflow(project, reachable_airflow(project), plan, console) as access:
        backfill = find_open_backfill(access.api, plan.name)
        if backfill is None:
            console.print(f"No backfill of {plan.name} goes on; there is nothing to cancel", soft_wrap=True)
            return 1
        cancel_backfill(access.api, backfill.backfill_id)
        console.print(
            f"The backfill of {plan.name} from {backfill.first:%Y-%m-%d} to {backfill.last:%Y-%m-%d} makes no more runs. "
            "Those that waited have failed; those that run go on to their end",
            soft_wrap=True,
        )
        return 0


def _places(project: Project, access: AirflowAccess) -> Places:
    """Where a person finds what the summary names."""
    url = project.environment.connection.endpoint_url
    at_home = url is not None and is_loopback(url)
    return Places(
        pages=None if access.is_own else access.api.url,
        files=LocalEndpoint(url=url or "", state_dir=state_folder_of(project.root).path) if at_home else None,
    )


def _dates_of(plan: Plan, backfill: Backfill) -> tuple[dt.datetime, ...]:
    """The dates of its range, by the schedule. Raises EmrPipelinesError when the spec has none there any more."""
    runs = scheduled_runs(plan, backfill.first.date(), backfill.last.date() + dt.timedelta(days=1), {})
    now = dt.datetime.now(dt.UTC)
    dates = tuple(
        run.logical_date
        for run in runs
        if backfill.first <= run.logical_date <= backfill.last and run.logical_date < now
    )
    if not dates:
        raise EmrPipelinesError(
            f"The schedule of {plan.name} has no run from {backfill.first:%Y-%m-%d} to {backfill.last:%Y-%m-%d} any more, "
            "so this backfill cannot be followed by its dates; look at it in Airflow"
        )
    return dates


def _waits(plan: Plan) -> list[str]:
    """The tasks that hand on an output."""
    return [wait_task(step.name) for step in plan.steps if step.output is not None]

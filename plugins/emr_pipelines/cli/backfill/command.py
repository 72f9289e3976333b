"""`emr-pipelines backfill NAME`: the runs of a range of dates, made by Airflow and followed until they are over."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from emr_pipelines.cli.backfill.following import cancel_open, follow_latest
from emr_pipelines.cli.backfill.making import BackfillOptions, make_backfill
from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.project.plans import plan_of
from emr_pipelines.cli.project.run_params import parse_params
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.stop_signals import StoppedBySignal, exit_code, stoppable

_DATE = ["%Y-%m-%d"]


FirstOption = Annotated[
    datetime | None, typer.Option("--from", formats=_DATE, help="The first logical date, YYYY-MM-DD.")
]
LastOption = Annotated[
    datetime | None, typer.Option("--to", formats=_DATE, help="The date at whose midnight the range ends, YYYY-MM-DD.")
]
MaxActiveOption = Annotated[
    int | None, typer.Option(min=1, help="Most runs at a time; default: max_active_runs of the spec.")
]
OnlyFailedOption = Annotated[
    bool, typer.Option("--only-failed", help="Run again those whose last run failed, and make no others.")
]
ParamOption = Annotated[
    list[str] | None, typer.Option(help="A parameter of all runs as NAME=VALUE; may be given again.")
]
HoursOption = Annotated[
    float | None, typer.Option(min=0, help="Estimate the cost of runs of so many hours; default: expected_duration.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show the runs and their cost; make none.")]
UnpauseOption = Annotated[
    bool, typer.Option("--unpause", help="Let the DAG run, if it is paused; its schedule then goes on, too.")
]
FollowOption = Annotated[
    bool,
    typer.Option("--follow", help="Make nothing: follow the backfill that goes on, or show how the last one ended."),
]
CancelOption = Annotated[
    bool,
    typer.Option("--cancel", help="Make nothing: end the backfill that goes on. What runs goes on to its end."),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the end as one JSON document; all else goes to the standard error.")
]


def backfill_command(
    name: Annotated[str, typer.Argument(help="A pipeline in config/pipelines.")],
    first: FirstOption = None,
    last: LastOption = None,
    max_active: MaxActiveOption = None,
    only_failed: OnlyFailedOption = False,
    param: ParamOption = None,
    hours: HoursOption = None,
    dry_run: DryRunOption = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    unpause: UnpauseOption = False,
    follow: FollowOption = False,
    cancel: CancelOption = False,
    as_json: JsonOption = False,
    env: EnvironmentOption = None,
) -> None:
    """Make the runs of a range of dates in Airflow, and follow them until they are over. Exit code 0 when all of them are green.

    Airflow is the one of EMR_PIPELINES_AIRFLOW_URL (login: EMR_PIPELINES_AIRFLOW_TOKEN, or …_USER and …_PASSWORD), else the one that
    `emr-pipelines ui` runs here; for a local environment one is started where none runs.

    Example: emr-pipelines backfill word_clouds --from 2001-01-01 --to 2004-01-01
    """
    _refuse_mixed(first, last, follow=follow, cancel=cancel)
    console = plain_console(stderr=as_json)
    project = load_project(env)
    plan = plan_of(project, name)
    try:
        with stoppable():
            if cancel:
                code = cancel_open(project, plan, console)
            elif first is None or last is None:
                code = follow_latest(project, plan, console, as_json=as_json)
            else:
                options = BackfillOptions(
                    first=first.date(),
                    last=last.date(),
                    params=parse_params(plan, param or []),
                    max_active=max_active,
                    only_failed=only_failed,
                    hours=hours,
                    dry_run=dry_run,
                    yes=yes,
                    unpause=unpause,
                    as_json=as_json,
                )
                code = make_backfill(project, plan, options, console)
    except StoppedBySignal as stop:
        raise typer.Exit(exit_code(stop.number)) from None
    raise typer.Exit(code)


def _refuse_mixed(first: datetime | None, last: datetime | None, *, follow: bool, cancel: bool) -> None:
    """Raise typer.BadParameter for options that say nothing together."""
    if follow and cancel:
        raise typer.BadParameter("--follow and --cancel do not go together; keep one of them")
    if (follow or cancel) and not first is last is None:
        raise typer.BadParameter(
            "--follow and --cancel are about the backfill that there is; leave out --from and --to"
        )
    if not (follow or cancel) and (first is None or last is None):
        raise typer.BadParameter("Give both dates of the range, --from and --to, or --follow or --cancel")

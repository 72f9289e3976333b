"""`emr-pipelines gc`: deletes what failed and replaced attempts left on S3. Touches no published output and no live run."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

import typer
from rich.filesize import decimal

from emr_pipelines.cli.local.endpoint import at_own_server
from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages, emr_api, s3_client
from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.emr.reaper import live_runs
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.pipeline_spec.notation.forms import DURATION
from emr_pipelines.storage.garbage import Garbage, delete_garbage, find_garbage


def gc_command(
    env: EnvironmentOption = None,
    older_than: Annotated[
        str, typer.Option(help="Keep attempts that wrote something within this time, such as 12h or 7d.")
    ] = "7d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Delete unpublished attempts and abandoned uploads below <bucket>/runs and <bucket>/output/runs. Exits with 1 when S3 refused a part of it.

    Example: emr-pipelines gc --env aws --older-than 30d --dry-run
    """
    age = _parse_age(older_than)
    environment = at_own_server(load_project(env)).environment
    with aws_errors_as_messages(environment):
        s3 = s3_client(environment)
        runs = live_runs(emr_api(environment))
        garbage = find_garbage(s3, environment.bucket, older_than=age, now=dt.datetime.now(dt.UTC), live_runs=runs)
        refused = [] if dry_run else delete_garbage(s3, garbage)
    if as_json:
        print_json({"dry_run": dry_run, "garbage": _rows(garbage), "refused": refused})
    else:
        _print_table(garbage, dry_run)
    if refused:
        raise EmrPipelinesError("S3 refused to delete:\n" + "\n".join(refused))


def _parse_age(text: str) -> dt.timedelta:
    if not re.fullmatch(DURATION, text):
        raise EmrPipelinesError(
            f"--older-than {text!r} is no duration; write a number and one of s, m, h, d, such as 7d"
        )
    return dt.timedelta(seconds=seconds_of(text))


def _rows(garbage: Garbage) -> list[dict[str, Any]]:
    attempts = [{"prefix": one.prefix, "objects": one.objects, "bytes": one.bytes} for one in garbage.attempts]
    uploads = [
        {"upload": f"s3://{one.bucket}/{one.key}", "started": one.started.isoformat()} for one in garbage.uploads
    ]
    return [*attempts, *uploads]


def _print_table(garbage: Garbage, dry_run: bool) -> None:
    console = plain_console()
    if not garbage.attempts and not garbage.uploads:
        console.print("Nothing to delete")
        return
    attempts = [(one.prefix, str(one.objects), decimal(one.bytes)) for one in garbage.attempts]
    uploads = [(f"s3://{one.bucket}/{one.key}", "unfinished upload", "") for one in garbage.uploads]
    title = "Would be deleted" if dry_run else "Deleted"
    console.print(text_table("prefix", "objects", "size", rows=[*attempts, *uploads], title=title))
    console.print(f"{decimal(sum(attempt.bytes for attempt in garbage.attempts))} in all")

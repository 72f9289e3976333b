"""`emr-pipelines reap`: terminates the clusters that outlived their time. Touches only clusters whose name and tags are this package's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

import typer

from emr_pipelines.cli.local.endpoint import at_own_server
from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages, emr_api
from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.json_text import print_json
from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.emr.clusters import terminate_clusters
from emr_pipelines.emr.reaper import ExpiredCluster, find_expired


def reap_command(
    env: EnvironmentOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which clusters would be terminated.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Terminate live clusters past their expires_at tag. Exits with 1 when one of them could not be terminated.

    Example: emr-pipelines reap --env aws --dry-run
    """
    environment = at_own_server(load_project(env)).environment
    with aws_errors_as_messages(environment):
        api = emr_api(environment)
        expired = find_expired(api, now=dt.datetime.now(dt.UTC))
        # Told before the first call that may fail, so that a refusal does not hide what else was done.
        _print(expired, dry_run=dry_run, as_json=as_json)
        if not dry_run:
            terminate_clusters(api, [cluster.cluster_id for cluster in expired])


def _print(expired: Sequence[ExpiredCluster], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        rows = [
            {"cluster_id": one.cluster_id, "name": one.name, "expires_at": one.expires_at.isoformat()}
            for one in expired
        ]
        print_json({"dry_run": dry_run, "clusters": rows})
        return
    console = plain_console()
    if not expired:
        console.print("No cluster has expired")
        return
    cells = ((one.cluster_id, one.name, one.expires_at.isoformat()) for one in expired)
    title = "Would be terminated" if dry_run else "Terminating"
    console.print(text_table("cluster", "name", "expired at", rows=cells, title=title))

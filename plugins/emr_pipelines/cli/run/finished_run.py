"""A run that is over, as `emr-pipelines run` tells of it, with Airflow or without: its tasks, its log, why it failed, and the cluster that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from emr_pipelines.cli.run.order import RunOrder
from emr_pipelines.cli.run.progress import RunProgress
from emr_pipelines.cli.terminal.log_tails import telling_tails


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """What became of its tasks, where its log is, the signal that ended it, if one did, and the last lines of the logs that tell why it failed, by name."""

    progress: RunProgress
    log_file: Path
    stopped_by: int | None = None
    tails: Mapping[str, list[str]] = field(default_factory=dict)


def show_tails(run: FinishedRun, console: Console) -> None:
    """Print the script's traceback, or the last lines of the logs that tell why the run failed where there is none."""
    for heading, lines in telling_tails(run.tails):
        console.print(heading, style="bold", soft_wrap=True)
        console.print("\n".join(lines), highlight=False, soft_wrap=True)


def tell_of_waiting_cluster(run: FinishedRun, order: RunOrder, console: Console) -> None:
    """Say which cluster waits for the next run of single steps, if one does."""
    clusters = [task.details["cluster"] for task in run.progress.tasks.values() if "cluster" in task.details]
    idle = order.scope.plan.cluster.idle_timeout_seconds
    if not order.scope.keeps_cluster or not clusters or idle is None:
        return
    console.print(
        f"Cluster {clusters[-1]} waits for the next --step; it ends by itself after {idle / 60:.0f} min idle. End it now: add --terminate",
        soft_wrap=True,
    )

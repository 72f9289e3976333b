"""How a run ended, as people read it: its outputs, what failed, or what an interruption left behind. Runs nothing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from rich.console import Console

from emr_pipelines.cli.local.endpoint import LocalEndpoint
from emr_pipelines.cli.run.finished_run import FinishedRun, show_tails
from emr_pipelines.cli.run.progress import RunProgress
from emr_pipelines.cli.terminal.shown_paths import shown_path
from emr_pipelines.cli.terminal.stop_signals import exit_code
from emr_pipelines.pipeline_spec.notation.task_names import CREATE_TASK, TERMINATE_TASK, VERDICT_TASK
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.task_ids import wait_task

_LOG_TAIL_LINES = 30
_WARNINGS = "warnings"


def tell_end(run: FinishedRun, plan: Plan, endpoint: LocalEndpoint | None, console: Console, *, seconds: float) -> int:
    """Show how the run of the plan ended, and give the command's exit code."""
    _show_counters(run.progress, console)
    if run.progress.run_state == "success":
        _show_outputs(run.progress, endpoint, console)
        console.print(f"\n{seconds:.0f} s in all")
        _show_next_commands(plan, console)
        return 0
    if run.stopped_by is not None:
        _explain_interruption(run.progress, console)
        return exit_code(run.stopped_by)
    _explain_failure(run, console)
    return 1


def _explain_interruption(progress: RunProgress, console: Console) -> None:
    console.print(f"The run was interrupted; {_find_fate(progress)}.", style="red", soft_wrap=True)


def _find_fate(progress: RunProgress) -> str:
    """What became of the run's cluster and steps; a cluster that is not the run's own has no task that terminates it."""
    tasks, left_at_once = progress.tasks, progress.run_state == "running"
    if tasks[CREATE_TASK].state == "waiting":
        return "nothing was started on EMR"
    if TERMINATE_TASK not in tasks:
        return (
            "a step of it may still run on the cluster"
            if left_at_once
            else "the cluster, which is not its own, goes on"
        )
    if tasks[TERMINATE_TASK].state == "success":
        return "no cluster of it is left"
    return (
        "a cluster may be left. It terminates itself when it has been idle for its idle_timeout; "
        "past its max_lifetime `emr-pipelines reap` terminates it"
    )


def _explain_failure(run: FinishedRun, console: Console) -> None:
    """Once: what failed (elsewhere than on a terminal, where the table hides it, that is told already), the script's traceback, and where the logs are."""
    progress, log_file = run.progress, run.log_file
    failed = {
        task_id: task.details.get("error", "") for task_id, task in progress.tasks.items() if task.state == "failed"
    }
    if len(failed) > 1:
        failed.pop(VERDICT_TASK, None)  # it says the same of all the others
    for task_id, error in failed.items():
        words = f"{task_id} failed: {error}" if console.is_terminal else f"{task_id} failed, as told above"
        console.print(words, style="red", highlight=False, soft_wrap=True)
    show_tails(run, console)
    if not failed and progress.problem is None:
        console.print(
            "\n".join(log_file.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]),
            soft_wrap=True,
        )
    console.print(f"The whole log: {shown_path(log_file)}", soft_wrap=True)


def _show_counters(progress: RunProgress, console: Console) -> None:
    """Show what the jobs counted and what they warn of, a line for each step and each warning."""
    told = {task_id: task.counters for task_id, task in progress.tasks.items() if task.counters}
    if told:
        console.print("\nCounters", style="bold")
    for task_id, counters in told.items():
        amounts = ", ".join(
            f"{name} {_amount(value)}"
            for name, value in counters.items()
            if name != _WARNINGS and not isinstance(value, dict)
        )
        console.print(f"{task_id.removesuffix(wait_task(''))}: {amounts}", highlight=False, soft_wrap=True)
        for warning in counters.get(_WARNINGS, []):
            console.print(f"    Warning: {warning}", style="yellow", highlight=False, soft_wrap=True)


def _amount(value: object) -> str:
    """A counter as people read it; of a list how long it is, as its entries may be many."""
    if isinstance(value, list):
        return f"{len(value):,}" if len(value) != 1 else str(value[0])
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _show_outputs(progress: RunProgress, endpoint: LocalEndpoint | None, console: Console) -> None:
    """List what the run has published, or else the outputs of its steps; files of this machine as paths."""
    uris = [task.details["published"] for task in progress.tasks.values() if "published" in task.details]
    uris = uris or [task.details["output"] for task in progress.tasks.values() if "output" in task.details]
    console.print("\nOutputs", style="bold")
    for uri in uris:
        console.print(uri, soft_wrap=True)
        if endpoint is not None:
            folder = endpoint.local_path(uri)
            for path in sorted(
                path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(("_", "."))
            ):
                console.print(f"    {shown_path(path)}", soft_wrap=True, highlight=False)


def _show_next_commands(plan: Plan, console: Console) -> None:
    """Say what somebody who has run this pipeline may want to do next."""
    console.print("\nNext", style="bold")
    for arguments, purpose in (
        (f"run {plan.name} --step {plan.steps[-1].name}", "after an edit of its script: this step alone"),
        (f"plan {plan.name}", "its tasks, requests, sizes and costs"),
        ("ui", "Airflow's page with all pipelines"),
    ):
        console.print(f"    {_own_command()} {arguments:<44} # {purpose}", soft_wrap=True, highlight=False)


def _own_command() -> str:
    """This command as the person's shell finds it."""
    name = "emr-pipelines"
    own = Path(sys.executable).with_name(name)
    return name if shutil.which(name) == str(own) else shown_path(own)

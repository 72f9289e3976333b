"""The progress of a run as people see it: a live table on a terminal, a line for each change elsewhere. Reads events, runs nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from emr_pipelines.cli.terminal.tables import text_table
from emr_pipelines.cli.terminal.waiting import is_time_to_tell, ticking

_COLOURS = {"waiting": "dim", "running": "yellow", "success": "green", "failed": "red", "not run": "dim"}


@dataclass(slots=True)
class TaskProgress:
    """One task's state, its start, its end once it has one (seconds since the epoch), and what its job counted."""

    state: str = "waiting"
    started: float | None = None
    ended: float | None = None
    details: dict[str, str] = field(default_factory=dict)
    counters: dict[str, Any] = field(default_factory=dict)

    def seconds(self, now: float) -> float | None:
        """How long the task has run so far, or ran."""
        return None if self.started is None else (self.ended or now) - self.started


class RunProgress:
    """The states of a run's tasks, in the order in which the plan has them. `tails` are the last lines of the logs that tell of the last failure, by name."""

    def __init__(self, task_ids: Iterable[str], console: Console) -> None:
        self.tasks = {task_id: TaskProgress() for task_id in task_ids}
        self.run_state = "running"
        self.problem: str | None = None
        self.tails: dict[str, list[str]] = {}
        self._console = console

    def follow(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Take all events, showing each change as it comes."""
        with self.showing():
            for event in events:
                self.take(event)

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Show what is taken in the block."""
        if not self._console.is_terminal:
            with ticking(self._tell_running):
                yield
            return
        with Live(get_renderable=self.table, console=self._console, refresh_per_second=4):
            yield

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        words = self._take(event)
        if not self._console.is_terminal or not {"interrupted", "problem"}.isdisjoint(event):
            self._console.print(words, soft_wrap=True)

    def table(self) -> Table:
        """The tasks as a table."""
        now = time.time()
        rows = (
            (
                task_id,
                Text(task.state, style=_COLOURS.get(task.state, "")),
                f"{seconds:.1f}" if (seconds := task.seconds(now)) is not None else "",
                task.details.get("published") or task.details.get("output", ""),
            )
            for task_id, task in self.tasks.items()
        )
        return text_table("Task", "State", "Seconds", "Output", rows=rows, box=None, header_style="bold")

    def _tell_running(self) -> None:
        now = time.time()
        for task_id, task in list(self.tasks.items()):
            seconds = int(task.seconds(now) or 0)
            if task.state == "running" and is_time_to_tell(seconds):
                self._console.print(f"  {task_id}: {seconds} s so far", soft_wrap=True)

    def _take(self, event: Mapping[str, Any]) -> str:
        if "interrupted" in event:
            return (
                "Ending the run: its step is cancelled and a cluster of its own terminated (once more leaves at once) …"
            )
        if "problem" in event:
            self.problem = event["problem"]
            return self.problem
        if "run" in event:
            self.run_state = event["state"]
            return f"run {event['run']}: {self.run_state}"
        task = self.tasks.setdefault(event["task"], TaskProgress())
        task.state = event["state"]
        if task.state == "running":
            task.started = event["time"]
            return f"{event['task']}: running"
        task.ended = event["time"]
        self.tails = event.get("tails") or self.tails
        task.details = {key: event[key] for key in ("output", "published", "cluster", "error") if key in event}
        task.counters = event.get("counters", {})
        seconds = task.seconds(task.ended) or 0.0
        return f"{event['task']}: {task.state} after {seconds:.1f} s" + (
            f"\n    {task.details['error']}" if "error" in task.details else ""
        )

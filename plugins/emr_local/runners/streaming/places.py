"""The working directory and the environment of a streaming task, as Hadoop makes them. Starts nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emr_local.runners.streaming.plan import StreamingJob
from emr_local.runners.streaming.records import Split


class TaskFailedError(Exception):
    """A task failed and the step's stderr already says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlace:
    """Where a task's program runs and what it sees."""

    directory: Path
    environment: Mapping[str, str]
    error_log: Path
    failure_by_exit_code: bool = True

    def complain(self, text: str) -> None:
        """Write to the step's stderr; in one piece, since other tasks write there too."""
        self.pass_on(f"{text}\n".encode())

    def pass_on(self, line: bytes) -> None:
        """Write a program's own line to the step's stderr."""
        with self.error_log.open("ab", buffering=0) as log:
            log.write(line)

    def fail(self, text: str) -> TaskFailedError:
        """Tell of the failure as Hadoop's job client does, and give what to raise."""
        attempt = self.environment.get("mapreduce_task_attempt_id", "")
        self.complain(f"Task Id : {attempt}, Status : FAILED\nError: {text}")
        return TaskFailedError(attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskName:
    """One task of a job: `m` or `r` and its number."""

    kind: str
    index: int
    combining: bool = False  # a combiner runs inside a map task, beside its mapper


@contextmanager
def open_place(job: StreamingJob, task: TaskName, split: Split | None = None) -> Iterator[TaskPlace]:
    """Make a task's working directory, with links to the job's files, and take it away after."""
    name = f"{job.job_number}_{task.kind}_{task.index:06d}"
    directory = Path(job.scratch) / f"attempt_{name}_0{'_combiner' if task.combining else ''}"
    (directory / "tmp").mkdir(parents=True, exist_ok=True)
    for link, target in job.links.items():
        (directory / link).parent.mkdir(parents=True, exist_ok=True)
        (directory / link).symlink_to(target)
    own = {
        **_task_properties(job.job_number, name, task),
        **(_split_properties(split) if split and not split.more else {}),
    }
    environment = {
        **job.base_environment,
        **job.job_environment,
        **as_variables(own),
        **job.plan.environment,
        "TMPDIR": str(directory / "tmp"),
    }
    try:
        yield TaskPlace(
            directory=directory,
            environment=environment,
            error_log=Path(job.error_log),
            failure_by_exit_code=job.plan.flag("stream.non.zero.exit.is.failure", True),
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def job_log(job: StreamingJob) -> Callable[[str], None]:
    """Give what writes the job's own lines to the step's stderr; spark-submit would take a script's stderr for its stdout."""

    def say(text: str) -> None:
        with Path(job.error_log).open("a", encoding="utf-8") as log:
            log.write(f"{text}\n")

    return say


def as_variables(properties: Mapping[str, str], longest: int = -1) -> dict[str, str]:
    """Spell job properties as environment variables; values are cut at `longest` unless that is negative."""
    return {
        re.sub(r"[^0-9A-Za-z]", "_", name): value if longest < 0 else value[:longest]
        for name, value in properties.items()
        if "\0" not in value
    }


def _split_properties(split: Split) -> dict[str, str]:
    values = {"input.file": split.uri, "input.start": str(split.start), "input.length": str(split.length)}
    return {f"{prefix}.{name}": value for prefix in ("mapreduce.map", "map") for name, value in values.items()}


def _task_properties(job_number: str, name: str, task: TaskName) -> dict[str, str]:
    """Give what Hadoop sets for each task, by today's names and the older ones."""
    is_map = str(task.kind == "m").lower()
    return {
        "mapreduce.job.id": f"job_{job_number}",
        "mapreduce.task.id": f"task_{name}",
        "mapreduce.task.attempt.id": f"attempt_{name}_0",
        "mapreduce.task.partition": str(task.index),
        "mapreduce.task.ismap": is_map,
        "mapred.job.id": f"job_{job_number}",
        "mapred.tip.id": f"task_{name}",
        "mapred.task.id": f"attempt_{name}_0",
        "mapred.task.partition": str(task.index),
        "mapred.task.is.map": is_map,
    }

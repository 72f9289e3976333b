"""The ids of a plan's tasks, for the DAG and the command line alike. Pure."""

from __future__ import annotations

from emr_pipelines.pipeline_spec.notation.task_names import (
    CREATE_TASK,
    LEAVE_TASK,
    PUBLISH_TASK,
    TERMINATE_TASK,
    VERDICT_TASK,
)
from emr_pipelines.plan.runs.run_scope import RunScope


def submit_task(step: str) -> str:
    """The task that submits a step."""
    return f"{step}.submit"


def wait_task(step: str) -> str:
    """The task that waits for a step."""
    return f"{step}.wait"


def task_ids(scope: RunScope) -> tuple[str, ...]:
    """All tasks of a run, in the order in which they run."""
    steps = [task(step.name) for step in scope.plan.steps for task in (submit_task, wait_task)]
    end = TERMINATE_TASK if scope.ends_cluster else LEAVE_TASK
    return (PUBLISH_TASK, CREATE_TASK, *steps, end, VERDICT_TASK)

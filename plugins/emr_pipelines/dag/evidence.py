"""What the tasks of a run leave behind for its verdict: that they did their work, and not only that their state says so. XComs; a task that starts anew loses its own."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol
    from types_boto3_emr.type_defs import StepTypeDef

# When EMR ended the step, pushed last of all by the task that waited for it: its output is verified by then.
ENDED_KEY = "ended"
# What the first or a submit task found missing, when the spec says that this is no failure.
EMPTY_KEY = "empty_input"
# The ids of the clusters that the teardown ended; it may be an empty list.
TERMINATED_KEY = "terminated"


def leave_end(ti: RuntimeTaskInstanceProtocol, step: StepTypeDef) -> None:
    """Say that a step has ended well."""
    ended = step["Status"].get("Timeline", {}).get("EndDateTime") or dt.datetime.now(dt.UTC)
    ti.xcom_push(key=ENDED_KEY, value=ended.astimezone(dt.UTC).isoformat())


def end_of(ti: RuntimeTaskInstanceProtocol, wait_task: str) -> dt.datetime | None:
    """When the step of a waiting task ended; None when that task did not finish its work."""
    text = ti.xcom_pull(task_ids=wait_task, key=ENDED_KEY)
    return dt.datetime.fromisoformat(text) if isinstance(text, str) else None

"""Whether a task that is told to end has a successor: Airflow may have given it up and try it again. Asks Airflow only; ends nothing itself."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from airflow.sdk import get_current_context

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

# Airflow leaves five seconds between SIGTERM and SIGKILL; what follows the answer needs its time too.
_ANSWER_SECONDS = 1.5
_WAITS_FOR_ANOTHER_TRY = (None, "scheduled", "queued", "up_for_retry")
_PROBE = "probe"


def is_handed_over() -> bool:
    """Whether another try follows this one by Airflow's own doing: its scheduler was lost, or its heartbeats were. Then nobody wants the work ended, only this process.

    False when somebody marked or cleared the task, and when Airflow does not say. Meant for on_kill.
    """
    try:
        # In a thread: the signal may have interrupted a question to Airflow that nobody can finish now.
        answer = ThreadPoolExecutor(1).submit(_has_successor, get_current_context())
        handed_over = answer.result(_ANSWER_SECONDS)
    except Exception as error:
        log.warning("Airflow does not say whether another try follows this one (%r)", error)
        return False
    if handed_over:
        log.warning("Airflow has handed this task to another try, which goes on with what this one leaves")
    return handed_over


def _has_successor(context: Context) -> bool:
    ti = context["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id])
    state = states[ti.run_id][ti.task_id]
    if state == "running":
        return not _is_known(context)
    return state in _WAITS_FOR_ANOTHER_TRY


def _is_known(context: Context) -> bool:
    """Whether Airflow still runs this very try: every try has an id of its own, and its store (Airflow 3.3 and newer) is there for the current one only."""
    store = context.get("task_state_store")
    if store is None:
        return True
    try:
        store.delete(_PROBE)
    except Exception as error:
        if "not_found" not in str(error):
            raise
        return False
    return True

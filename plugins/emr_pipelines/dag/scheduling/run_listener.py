"""What is done when Airflow has judged a run of ours: in the scheduler, or in the process of `airflow dags test`. The last look at a run that no task can have.

Airflow judges a run by its last tasks. A clear of a middle step without what follows leaves these as they were, so a middle step that then fails is not seen;
a run without any task is a success as well (airflow/models/dagrun.py, update_state). The listener sees all tasks of the run.
"""

from __future__ import annotations

from typing import Any

from airflow.listeners import hookimpl
from airflow.utils.state import DagRunState
from sqlalchemy.orm import object_session

from emr_pipelines.pipeline_spec.notation.task_names import PUBLISH_TASK, VERDICT_TASK

_FAILED = ("failed", "upstream_failed")
_WELL = ("success", "skipped")
# What the scheduler says when it has judged a run. The API server says another thing, while the run's teardown may be under way still (core_api/services/public/dag_run.py).
_JUDGED = "success"


@hookimpl
def on_dag_run_success(dag_run: Any, msg: str) -> None:
    """Airflow calls this when it has marked a run as successful, and stores what this leaves in the run. A run that a person marks is left to that person."""
    tasks = _tasks_of(dag_run) if msg == _JUDGED else None
    if tasks is None:
        return
    states = {task.task_id: task.state for task in tasks}
    failed = sorted(task_id for task_id, state in states.items() if state in _FAILED)
    if failed or states.get(VERDICT_TASK) not in _WELL:
        reason = f"{', '.join(failed)} failed" if failed else f"it has no task {VERDICT_TASK} that ended well"
        dag_run.log.warning("Run %s of %s is no success: %s", dag_run.run_id, dag_run.dag_id, reason)
        dag_run.set_state(DagRunState.FAILED)
    _correct_start(dag_run, tasks)


@hookimpl
def on_dag_run_failed(dag_run: Any, msg: str) -> None:
    """Airflow calls this when it has marked a run as failed."""
    del msg
    _correct_start(dag_run, _tasks_of(dag_run) or [])


def _tasks_of(dag_run: Any) -> list[Any] | None:
    """The task instances of a run of this package, which may be none; None for another DAG's run."""
    dag = dag_run.dag
    if dag is None or not {PUBLISH_TASK, VERDICT_TASK} <= set(dag.task_ids):
        return None
    session = object_session(dag_run)
    # `dag.test()` keeps the run outside of any session, and Airflow merges it back after this.
    return list(dag_run.get_task_instances() if session is None else dag_run.get_task_instances(session=session))


def _correct_start(dag_run: Any, tasks: list[Any]) -> None:
    """`dag.test()` takes a run's logical date for its start, so that the UI shows durations of years (airflow/sdk/definitions/dag.py; Airflow 3.4 no longer does)."""
    starts = [task.start_date for task in tasks if task.start_date is not None]
    if starts and dag_run.start_date == dag_run.logical_date:
        dag_run.start_date = min(starts)

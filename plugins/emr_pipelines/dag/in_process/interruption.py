"""Ends a run that this process makes (`dag.test()`) on Ctrl-C as Airflow ends one that somebody marks as failed. Starts nothing and asks EMR nothing itself.

Airflow's own runner takes a KeyboardInterrupt for a task's failure and tries the task again (airflow/sdk/execution_time/task_runner.py,
`except BaseException`), and one between two tasks leaves the cluster behind.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from emr_pipelines.dag.sensor import WaitForStepSensor

if TYPE_CHECKING:
    from airflow.sdk import DAG, BaseOperator, Context

log = logging.getLogger(__name__)


class _Interrupted(BaseException):
    """Leaves whatever a task is doing: no BaseException is taken for one of its errors."""


class Interruption:
    """From the first SIGINT on: the running task is killed and has failed, no other starts, and the teardown runs. Further ones change nothing."""

    def __init__(self) -> None:
        self._happened = False
        self._running: BaseOperator | None = None

    @contextmanager
    def guard(self, dag: DAG) -> Iterator[None]:
        """Have the tasks of the DAG heed SIGINT, which is this object's for as long."""
        for task in dag.tasks:
            self._prepare(task)
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _prepare(self, task: Any) -> None:
        # Waiting is done by this one process either way, and a task that runs can be killed.
        task.deferrable = False
        if not task.is_teardown:
            task.execute = partial(self._execute, type(task))

    def _execute(self, operator: type[BaseOperator], context: Context) -> Any:
        task: Any = context["ti"].task
        self._running = task
        try:
            if not self._happened:
                return operator.execute(task, context)
            if isinstance(task, WaitForStepSensor):
                task.abandon(context)
            raise _Interrupted
        except _Interrupted:
            raise AirflowFailException("The run was interrupted") from None
        finally:
            self._running = None

    def _interrupt(self, *_: object) -> None:
        if self._happened:
            return
        self._happened = True
        if self._running is not None:
            try:
                self._running.on_kill()
            except Exception:
                log.exception("What %s does could not be cancelled; it ends with the cluster", self._running.task_id)
            raise _Interrupted

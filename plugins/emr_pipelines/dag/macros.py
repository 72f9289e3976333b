"""The macro object `emr` of our templates: run-time values from Airflow's own context, each by a function that fails loudly instead of rendering "None"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from emr_pipelines.pipeline_spec.notation.task_names import CREATE_TASK, OUTPUT_KEY, PUBLISH_TASK
from emr_pipelines.plan import keys
from emr_pipelines.plan.legacy_contract import output_uri_of
from emr_pipelines.plan.task_ids import submit_task, wait_task

if TYPE_CHECKING:
    from airflow.sdk.types import DagRunProtocol, Operator, RuntimeTaskInstanceProtocol

CLUSTER_KEY = "cluster"
ATTEMPT_KEY = "attempt"
# How often the run had been cleared when the step was submitted; the digest of the spec with which the run began.
CLEARS_KEY = "clears"
SPEC_KEY = "spec_digest"


class RunMacros:
    """What `{{ emr.… }}` gives. One instance per DAG; holds only what the plan says."""

    def __init__(self, *, max_lifetime_seconds: int | None) -> None:
        self._max_lifetime_seconds = max_lifetime_seconds

    def run_year(self, dag_run: DagRunProtocol, params: Mapping[str, Any]) -> int:
        """`params.year` if set, else the logical date's year, else (a manual run without one) the year of `run_after`."""
        return keys.run_year(params, dag_run.logical_date, dag_run.run_after)

    def run_month(self, dag_run: DagRunProtocol) -> str:
        """The month as two digits."""
        return f"{_moment(dag_run):%m}"

    def run_date(self, dag_run: DagRunProtocol) -> str:
        """The date as YYYY-MM-DD."""
        return f"{_moment(dag_run):%Y-%m-%d}"

    def run_id(self, dag_run: DagRunProtocol) -> str:
        """Airflow's run id in the form that an S3 prefix and a Hadoop path can hold."""
        return keys.path_safe_run_id(dag_run.run_id)

    def run_key(self, dag_run: DagRunProtocol) -> str:
        """12 hex digits that stand for this DAG and run."""
        return keys.run_key(dag_run.dag_id, dag_run.run_id)

    def expires_at(self) -> str:
        """When a sweeper may terminate what is created now, as an ISO time in UTC."""
        lifetime = dt.timedelta(seconds=self._max_lifetime_seconds or 0)
        return (dt.datetime.now(dt.UTC) + lifetime).isoformat(timespec="seconds")

    def attempt(self, ti: RuntimeTaskInstanceProtocol, task: Operator, label: str | None = None) -> str:
        """The label of an attempt: the given one, else the number of the try with which this task's epoch began, which is constant over retries and new after every clear.

        Airflow raises max_tries on a clear by the tries made so far and leaves it alone on a retry (airflow/models/taskinstance.py).
        """
        return label or str(max(ti.max_tries - (task.retries or 0), 0) + 1)

    def step_key(
        self,
        dag_run: DagRunProtocol,
        ti: RuntimeTaskInstanceProtocol,
        task: Operator,
        step: str,
        label: str | None = None,
    ) -> str:
        """What stands for one submission of a step: the same over retries, another after a clear."""
        return keys.step_key(dag_run.dag_id, dag_run.run_id, step, self.attempt(ti, task, label))

    def param(self, params: Mapping[str, Any], name: str) -> str:
        """A parameter as an argument text. Fails the task when it has no value."""
        value = params.get(name)
        if value is None:
            raise AirflowFailException(
                f"The parameter {name} has no value in this run, but an argument needs it; set it in the trigger form or give it a default"
            )
        return str(value).lower() if isinstance(value, bool) else str(value)

    def code_prefix(self, ti: RuntimeTaskInstanceProtocol) -> str:
        """Where publish_code put the artifacts."""
        return _pull(ti, PUBLISH_TASK, "return_value")

    def cluster_id(self, ti: RuntimeTaskInstanceProtocol) -> str:
        """The cluster of this run."""
        return _pull(ti, CREATE_TASK, "return_value")

    def submitted(self, ti: RuntimeTaskInstanceProtocol, step: str, key: str) -> str:
        """What a step's submit task handed on: `return_value` (the id of the EMR step), `cluster`, `attempt`, `output` (the prefix that it writes, not yet verified)."""
        return _pull(ti, submit_task(step), key)

    def step_output(self, ti: RuntimeTaskInstanceProtocol, step: str) -> str:
        """The verified output prefix of a finished step."""
        return _pull(ti, wait_task(step), OUTPUT_KEY)

    def step_output_uri(self, ti: RuntimeTaskInstanceProtocol, step: str) -> str:
        """The same prefix as a script of the legacy contract names it."""
        return output_uri_of(self.step_output(ti, step))


def _moment(dag_run: DagRunProtocol) -> dt.datetime:
    return dag_run.logical_date or dag_run.run_after


def _pull(ti: RuntimeTaskInstanceProtocol, task_id: str, key: str) -> str:
    value = ti.xcom_pull(task_ids=task_id, key=key)
    if not isinstance(value, str) or not value:
        # Final, and raised while the templates render, so before anything is sent to EMR.
        raise AirflowFailException(
            f"The task {task_id} left no {key} in XCom; run it again (clear it together with its downstream tasks)"
        )
    return value

"""The last task of a run: it fails, and with it the run, unless every step of the plan ran and was verified, and the cluster is gone.

Airflow judges a run by its leaves, and counts a skipped task as well done (airflow/models/dagrun.py, update_state; airflow/utils/state.py). A run that somebody marks as failed
has its waiting tasks skipped, so it would end green. This task is a teardown without setups: those are spared when a run is marked, and nothing before it can skip it
(api/common/mark_tasks.py; ti_deps/deps/trigger_rule_dep.py). It reads what the tasks left behind (`dag.evidence`), since on Airflow 3.0 marking a run as success marks every task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException
from airflow.sdk import BaseOperator

from emr_pipelines.dag.evidence import EMPTY_KEY, TERMINATED_KEY, end_of
from emr_pipelines.pipeline_spec.notation.task_names import PUBLISH_TASK, TERMINATE_TASK
from emr_pipelines.plan.runs.run_verdict import StepEvidence, find_gaps
from emr_pipelines.plan.task_ids import submit_task, wait_task

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol


class RunVerdictOperator(BaseOperator):
    """Fails when the run is not complete. `upstream_of` holds the steps with those that each one follows; `ends_cluster` when the run has a cluster of its own."""

    ui_color = "#fce5cd"

    def __init__(self, *, upstream_of: Mapping[str, Sequence[str]], ends_cluster: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.upstream_of = {name: list(upstream) for name, upstream in upstream_of.items()}
        self.ends_cluster = ends_cluster

    def execute(self, context: Context) -> None:
        """Return when the run is complete; raise what is missing; skip when the spec lets a run without input pass."""
        ti = context["ti"]
        empty = ti.xcom_pull(task_ids=PUBLISH_TASK, key=EMPTY_KEY)
        if empty:
            raise AirflowSkipException(f"Nothing was done: {empty}")
        gaps = find_gaps(self._evidence(ti))
        if self._may_leave_a_cluster(ti):
            gaps.append(f"{TERMINATE_TASK} did not end its work; look for a cluster of this run that still costs money")
        if gaps:
            raise AirflowFailException("This run is not complete:\n" + "\n".join(f"  {gap}" for gap in gaps))
        self.log.info("All %d steps ran, and what they wrote was verified", len(self.upstream_of))

    def _may_leave_a_cluster(self, ti: RuntimeTaskInstanceProtocol) -> bool:
        if not self.ends_cluster or ti.xcom_pull(task_ids=PUBLISH_TASK, key="return_value") is None:
            return False
        return ti.xcom_pull(task_ids=TERMINATE_TASK, key=TERMINATED_KEY) is None

    def _evidence(self, ti: RuntimeTaskInstanceProtocol) -> list[StepEvidence]:
        waits = [wait_task(name) for name in self.upstream_of]
        states = ti.get_task_states(dag_id=ti.dag_id, task_ids=waits, run_ids=[ti.run_id]).get(ti.run_id, {})
        return [
            StepEvidence(
                name=name,
                upstream=upstream,
                state=states.get(wait_task(name)),
                ended=end_of(ti, wait_task(name)),
                empty=ti.xcom_pull(task_ids=submit_task(name), key=EMPTY_KEY),
            )
            for name, upstream in self.upstream_of.items()
        ]

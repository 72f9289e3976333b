"""What the two tasks of a step share: how an attempt is rendered, where a lost cluster is replaced, and what a spec that was edited mid-run leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from emr_pipelines.dag.macros import SPEC_KEY
from emr_pipelines.emr.cluster_replacement import ClusterSource
from emr_pipelines.emr.launch_preparation import LaunchPreparation
from emr_pipelines.emr.step_lifecycle import StepAttempt
from emr_pipelines.pipeline_spec.notation.task_names import PUBLISH_TASK

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context

# Airflow sends SIGKILL five seconds after SIGTERM (airflow/sdk/execution_time/supervisor.py, WatchedSubprocess.kill).
KILL_SECONDS = 3.5


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTemplates:
    """A step's templates, rendered only when they are needed: its StepConfig and output for another attempt, its RunJobFlow body for another cluster.

    `spec_digest` is that of the spec from which this DAG was built, `preparation` what happens before another cluster is created.
    """

    request: dict[str, Any]
    output: str | None
    cluster_request: dict[str, Any] | None
    replaceable: bool
    start_timeout_seconds: float | None
    spec_digest: str
    preparation: LaunchPreparation | None = None

    def attempt(self, task: BaseOperator, context: Context, label: str) -> StepAttempt:
        """The attempt with this label."""
        values: Any = {**context, "attempt_label": label}
        return StepAttempt(
            request=task.render_template(self.request, values),
            output=None if self.output is None else task.render_template(self.output, values),
        )

    def clusters(self, task: BaseOperator, context: Context) -> ClusterSource:
        """Where a cluster comes from when the run's own is lost."""
        request = self.cluster_request
        return ClusterSource(
            request=None if request is None else (lambda: task.render_template(request, context)),
            replaceable=self.replaceable,
            start_timeout_seconds=self.start_timeout_seconds,
            preparation=self.preparation,
        )

    def refuse_edited_spec(self, context: Context) -> None:
        """A run goes on with the spec that it began with: half of it made by one and half by another would look whole."""
        began = context["ti"].xcom_pull(task_ids=PUBLISH_TASK, key=SPEC_KEY)
        if began is not None and began != self.spec_digest:
            raise AirflowFailException(
                f"This run began with the spec {began}, but the spec is {self.spec_digest} now: it was edited while the run ran. "
                f"Put the old one back and clear this task, or clear {PUBLISH_TASK} and all after it to run with the new one"
            )

"""The task that submits a step once: a retry, a lost answer or a kill finds the step by the key in its name instead of adding it again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.emr import EmrAddStepsOperator

from emr_pipelines.dag.aws_clients import emr_api, failing_fast, s3_client
from emr_pipelines.dag.console_links import persist_links
from emr_pipelines.dag.input_checks import ExternalInputs, refuse_missing_inputs
from emr_pipelines.dag.macros import ATTEMPT_KEY, CLEARS_KEY, CLUSTER_KEY
from emr_pipelines.dag.step_tasks import KILL_SECONDS, StepTemplates
from emr_pipelines.dag.successor_check import is_handed_over
from emr_pipelines.emr.step_lifecycle import submit_first
from emr_pipelines.emr.steps import Submission, cancel_submission
from emr_pipelines.pipeline_spec.notation.task_names import OUTPUT_KEY
from emr_pipelines.storage.attempts import claim, is_owner

if TYPE_CHECKING:
    from airflow.sdk import Context


class SubmitStepOperator(EmrAddStepsOperator):
    """Submits one step; when the run's cluster is lost by then, to the cluster that takes its place.

    `attempt` is the label of the first submission after a clear, `step_folder` where the attempts of this step in this run lie. `inputs` are checked first: those that could not be checked before the run's first steps.
    """

    template_fields: Sequence[str] = (*EmrAddStepsOperator.template_fields, "attempt", "inputs", "step_folder")
    template_ext: Sequence[str] = ()

    def __init__(
        self,
        *,
        templates: StepTemplates,
        attempt: str,
        step_folder: str,
        inputs: Sequence[ExternalInputs] = (),
        log_uri: str | None = None,
        place: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.templates = templates
        self.attempt = attempt
        self.step_folder = step_folder
        self.inputs = list(inputs)
        self.log_uri = log_uri
        self.place = place
        self._owner = ""

    def execute(self, context: Context) -> str:  # type: ignore[override]  # one step, one id: the parent's list never has another length here
        """Return the id of the step; the other XComs say where it runs and what it will write."""
        if self.job_flow_id is None or not isinstance(self.steps, list):
            raise TypeError("job_flow_id and a rendered list of one step are needed")
        self.templates.refuse_edited_spec(context)
        self._owner = str(context["ti"].id)
        with failing_fast(lambda _: self.place):
            s3 = s3_client(self.aws_conn_id, self.region_name)
            claim(s3, self.step_folder, self._owner)
            refuse_missing_inputs(s3, self.inputs, context["ti"])
            submission = self._submit(context, self.job_flow_id)
        handle = submission.handle
        persist_links(context, self, cluster_id=handle.cluster_id, region=self.region_name or "", log_uri=self.log_uri)
        handed_on = {
            CLUSTER_KEY: handle.cluster_id,
            ATTEMPT_KEY: submission.label,
            OUTPUT_KEY: self.templates.attempt(self, context, submission.label).output,
            CLEARS_KEY: context["dag_run"].clear_number or 0,
        }
        for key, value in handed_on.items():
            if value is not None:
                context["ti"].xcom_push(key=key, value=value)
        return handle.step_id

    def on_kill(self) -> None:
        """Cancel what this task may have submitted by now, found by its key: nobody would wait for it. A task that has a successor leaves it to that one."""
        if self.job_flow_id is None or not isinstance(self.steps, list) or is_handed_over():
            return
        if not is_owner(s3_client(self.aws_conn_id, self.region_name), self.step_folder, self._owner):
            self.log.warning("Another try has taken this step over; nothing is cancelled")
            return
        cancel_submission(
            emr_api(self.aws_conn_id, self.region_name), self.job_flow_id, self.steps[0], timeout_seconds=KILL_SECONDS
        )

    def _submit(self, context: Context, cluster_id: str) -> Submission:
        return submit_first(
            emr_api(self.aws_conn_id, self.region_name),
            self.templates.clusters(self, context),
            cluster_id,
            partial(self.templates.attempt, self, context),
            epoch=self.attempt,
            try_number=context["ti"].try_number,
            execution_role=self.execution_role_arn,
        )

"""The task that submits a step once: a retry, a lost answer or a kill finds the step by the key in its name instead of adding it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.emr import EmrAddStepsOperator

from emr_pipelines.dag.aws_clients import emr_api, failing_fast, s3_client
from emr_pipelines.dag.console_links import persist_links
from emr_pipelines.dag.input_checks import ExternalInputs, refuse_missing_inputs
from emr_pipelines.dag.macros import ATTEMPT_KEY, CLEARS_KEY, CLUSTER_KEY, OUTPUT_KEY
from emr_pipelines.dag.step_tasks import KILL_SECONDS, StepTemplates
from emr_pipelines.emr.step_run import submit_step
from emr_pipelines.emr.steps import cancel_submission

if TYPE_CHECKING:
    from airflow.sdk import Context


class SubmitStepOperator(EmrAddStepsOperator):
    """Submits one step; when the run's cluster is lost by then, to the cluster that takes its place.

    `attempt` is the label of this submission. `inputs` are checked first: those that could not be checked before the run's first steps.
    """

    template_fields: Sequence[str] = (*EmrAddStepsOperator.template_fields, "output_prefix", "attempt", "inputs")
    template_ext: Sequence[str] = ()

    def __init__(
        self,
        *,
        templates: StepTemplates,
        attempt: str,
        output_prefix: str | None = None,
        inputs: Sequence[ExternalInputs] = (),
        log_uri: str | None = None,
        place: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.templates = templates
        self.attempt = attempt
        self.output_prefix = output_prefix
        self.inputs = list(inputs)
        self.log_uri = log_uri
        self.place = place

    def execute(self, context: Context) -> str:  # type: ignore[override]  # one step, one id: the parent's list never has another length here
        """Return the id of the step; the other XComs say where it runs and what it will write."""
        if self.job_flow_id is None or not isinstance(self.steps, list):
            raise TypeError("job_flow_id and a rendered list of one step are needed")
        self.templates.refuse_edited_spec(context)
        with failing_fast(lambda _: self.place):
            refuse_missing_inputs(s3_client(self.aws_conn_id, self.region_name), self.inputs)
            handle = submit_step(
                emr_api(self.aws_conn_id, self.region_name),
                self.templates.clusters(self, context),
                self.job_flow_id,
                self.steps[0],
                execution_role=self.execution_role_arn,
            )
        persist_links(context, self, cluster_id=handle.cluster_id, region=self.region_name or "", log_uri=self.log_uri)
        handed_on = {
            CLUSTER_KEY: handle.cluster_id,
            ATTEMPT_KEY: self.attempt,
            OUTPUT_KEY: self.output_prefix,
            CLEARS_KEY: context["dag_run"].clear_number or 0,
        }
        for key, value in handed_on.items():
            if value is not None:
                context["ti"].xcom_push(key=key, value=value)
        return handle.step_id

    def on_kill(self) -> None:
        """Cancel what this task may have submitted by now, found by its key: nobody would wait for it."""
        if self.job_flow_id is None or not isinstance(self.steps, list):
            return
        cancel_submission(
            emr_api(self.aws_conn_id, self.region_name), self.job_flow_id, self.steps[0], timeout_seconds=KILL_SECONDS
        )

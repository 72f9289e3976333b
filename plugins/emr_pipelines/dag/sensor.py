"""The task that waits for a step: one API call a poll, cancels the step when the task is killed or times out, verifies the output before anyone gets it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.sensors.emr import EmrStepSensor
from airflow.sdk.exceptions import AirflowFailException, AirflowTaskTimeout

from emr_pipelines.dag.aws_clients import emr_api, failing_fast, s3_client
from emr_pipelines.dag.console_links import persist_links
from emr_pipelines.dag.macros import OUTPUT_KEY
from emr_pipelines.emr.emr_api import StepFailed
from emr_pipelines.emr.polling import PollInterval
from emr_pipelines.emr.step_logs import tail_step_logs
from emr_pipelines.emr.steps import StepHandle, cancel_step, wait_for_step
from emr_pipelines.storage.step_outputs import publish_output, verify_output

if TYPE_CHECKING:
    from airflow.sdk import Context

# EMR uploads step logs every five minutes (AWS: emr-plan-debugging); waiting longer than that finds nothing new.
LOG_PATIENCE_SECONDS = 330.0
PUBLISHED_KEY = "published"


class WaitForStepSensor(EmrStepSensor):
    """Waits for a step's end; on success pushes XCom `output`, the verified prefix, and `published`, its stable copy."""

    template_fields: Sequence[str] = (*EmrStepSensor.template_fields, "output_prefix", "publish_to")

    def __init__(
        self,
        *,
        output_prefix: str | None = None,
        success_marker: bool = True,
        min_files: int = 1,
        publish_to: str | None = None,
        log_uri: str | None = None,
        log_patience_seconds: float = LOG_PATIENCE_SECONDS,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.output_prefix = output_prefix
        self.success_marker = success_marker
        self.min_files = min_files
        self.publish_to = publish_to
        self.log_uri = log_uri
        self.log_patience_seconds = log_patience_seconds

    def execute(self, context: Context) -> None:
        """Block until the step has COMPLETED and its output is verified (and published)."""
        persist_links(context, self, cluster_id=self.job_flow_id, region=self.region_name or "", log_uri=self.log_uri)
        try:
            with failing_fast():
                self._wait()
                self._hand_on_output(context)
        except AirflowTaskTimeout as timeout:
            # Raised by execution_timeout, the step's `timeout`. A retry would only find the cancelled step.
            self.on_kill()
            message = f"Step {self.step_id} took longer than its timeout of {self.execution_timeout} and was cancelled"
            raise AirflowFailException(message) from timeout

    def on_kill(self) -> None:
        """Cancel the step: Airflow calls this on a kill, a clear and a mark as failed."""
        cancel_step(emr_api(self.aws_conn_id, self.region_name), self._handle())

    def _wait(self) -> None:
        api = emr_api(self.aws_conn_id, self.region_name)
        try:
            wait_for_step(api, self._handle(), PollInterval(), self._log_state)
        except StepFailed as failure:
            self._show_logs(failure)
            raise

    def _handle(self) -> StepHandle:
        return StepHandle(cluster_id=self.job_flow_id, step_id=self.step_id)

    def _log_state(self, state: str, waited_seconds: float) -> None:
        self.log.info("Step %s is %s after %.0f s", self.step_id, state, waited_seconds)

    def _show_logs(self, failure: StepFailed) -> None:
        self.log.error("%s", failure)
        tails = tail_step_logs(
            emr_api(self.aws_conn_id, self.region_name),
            s3_client(self.aws_conn_id, self.region_name),
            self._handle(),
            patience_seconds=self.log_patience_seconds,
        )
        for name, lines in tails.items():
            self.log.error("The last %d lines of the step's %s:\n%s", len(lines), name, "\n".join(lines))

    def _hand_on_output(self, context: Context) -> None:
        if self.output_prefix is None:
            return
        s3 = s3_client(self.aws_conn_id, self.region_name)
        files = verify_output(s3, self.output_prefix, success_marker=self.success_marker, min_files=self.min_files)
        self.log.info("Verified %d files below %s", files, self.output_prefix)
        context["ti"].xcom_push(key=OUTPUT_KEY, value=self.output_prefix)
        if self.publish_to is not None:
            publish_output(s3, self.output_prefix, self.publish_to)
            context["ti"].xcom_push(key=PUBLISHED_KEY, value=self.publish_to)

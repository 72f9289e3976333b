"""The task that waits for a step: one API call a poll, cancels the step when the task is killed or its time is over, starts it again where that can help, verifies the output before anyone gets it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.amazon.aws.sensors.emr import EmrStepSensor
from airflow.providers.common.compat.sdk import AirflowException

from emr_pipelines.dag.aws_clients import emr_api, failing_fast, s3_client
from emr_pipelines.dag.console_links import persist_links
from emr_pipelines.dag.evidence import leave_end
from emr_pipelines.dag.macros import CLEARS_KEY
from emr_pipelines.dag.place_claims import claim_in
from emr_pipelines.dag.step_tasks import KILL_SECONDS, StepTemplates
from emr_pipelines.dag.successor_check import is_handed_over
from emr_pipelines.dag.trigger import StepEndTrigger
from emr_pipelines.emr.diagnosis.told_failures import explained_step
from emr_pipelines.emr.emr_api import EmrApi, RunError, StepFailed
from emr_pipelines.emr.polling import PollInterval
from emr_pipelines.emr.step_lifecycle import Progress, StepAttempt, StepTask, after_end, begin
from emr_pipelines.emr.step_watch import WatchLimits, give_up, utc_now, watch_step
from emr_pipelines.emr.steps import StepHandle, Submission, cancel_step, describe_step
from emr_pipelines.pipeline_spec.notation.task_names import OUTPUT_KEY, PUBLISHED_KEY, TAKE_OVER_KEY
from emr_pipelines.pipeline_spec.project_files.project import ProjectFiles
from emr_pipelines.plan.task_ids import submit_task
from emr_pipelines.storage.attempts import claim, is_owner
from emr_pipelines.storage.finished_outputs import FinishedOutput, OutputCheck, accept_output
from emr_pipelines.storage.latest_outputs import LatestOutput

if TYPE_CHECKING:
    from airflow.sdk import Context
    from types_boto3_emr.type_defs import StepTypeDef

T = TypeVar("T")

# What the job counted and warns of, if it says so.
COUNTERS_KEY = "counters"
# How long EMR took for the step, which tells the next run when to look closely.
SECONDS_KEY = "seconds"


class WaitForStepSensor(EmrStepSensor):
    """Waits for a step's end; on success pushes XCom `output`, the verified prefix, `published`, its stable copy, and `counters`, what the job counted.

    `step_folder` is where the attempts of this step in this run lie; `attempt` the label of the submitted one. `retries_of_job` is the spec's `retries`;
    `latest` and `claimed` hold, rendered, what a LatestOutput and a PlaceClaim say besides what only the run knows.
    """

    template_fields: Sequence[str] = (*EmrStepSensor.template_fields, "attempt", "step_folder", "claimed", "latest")

    def __init__(
        self,
        *,
        step_name: str,
        templates: StepTemplates,
        attempt: str,
        step_folder: str,
        latest: dict[str, Any] | None = None,
        output_check: OutputCheck | None = None,
        claimed: dict[str, Any] | None = None,
        limits: WatchLimits,
        retries_of_job: int = 0,
        execution_role: str | None = None,
        log_uri: str | None = None,
        log_patience_seconds: float,
        locate_project: Callable[[], Path],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.step_name = step_name
        self.templates = templates
        self.attempt = attempt
        self.step_folder = step_folder
        self.latest = latest
        self.output_check = output_check
        self.claimed = claimed
        self.limits = limits
        self.retries_of_job = retries_of_job
        self.execution_role = execution_role
        self.log_uri = log_uri
        self.log_patience_seconds = log_patience_seconds
        self._locate_project = locate_project
        self._watched: StepHandle | None = None
        self._owner = ""
        self._killed = False

    def execute(self, context: Context) -> None:
        """Block (or defer) until the step has COMPLETED and its output is verified (and published)."""
        persist_links(context, self, cluster_id=self.job_flow_id, region=self.region_name or "", log_uri=self.log_uri)
        submitted = Submission(handle=StepHandle(cluster_id=self.job_flow_id, step_id=self.step_id), label=self.attempt)
        self._claim(context)
        with failing_fast():
            api = self._api()
            progress = self._explained(api, submitted.handle, partial(begin, api, self._task(context), submitted))
            self._watch(context, api, progress)

    def resume(self, context: Context, event: dict[str, Any]) -> None:
        """Go on after a deferral; `event` is StepEndTrigger's."""
        with failing_fast():
            api, known = self._api(), _progress_from(event["progress"])
            self._claim(context)
            if "error" in event:
                raise RunError(event["error"], retryable=event["retryable"])
            if event["verdict"] != "ended":
                raise give_up(api, known.submission.handle, event["verdict"], self.limits)
            step = describe_step(api, known.submission.handle)
            following = self._after_end(context, api, known, step)
            if following is None:
                self._hand_on(context, known.submission, step)
            else:
                self._watch(context, api, following)

    def abandon(self, context: Context) -> None:
        """Cancel the step that was submitted for this task, instead of waiting for it."""
        self._claim(context)
        self._watched = StepHandle(cluster_id=self.job_flow_id, step_id=self.step_id)
        self.on_kill()

    def on_kill(self) -> None:
        """Cancel the step: Airflow calls this on a kill, a clear and a mark as failed. A task that has a successor leaves the step to that one."""
        self._killed = True
        if self._watched is None or is_handed_over():
            return
        if not is_owner(s3_client(self.aws_conn_id, self.region_name), self.step_folder, self._owner):
            self.log.warning(
                "Another try of this task watches step %s by now; it is not cancelled", self._watched.step_id
            )
            return
        cancel_step(self._api(), self._watched, timeout_seconds=KILL_SECONDS)

    def _watch(self, context: Context, api: EmrApi, start: Progress) -> None:
        progress: Progress | None = start
        while progress is not None:
            if self._killed:
                raise AirflowException("This task was killed")
            self._watched = progress.submission.handle
            if self.deferrable:
                self._defer(context, progress)
            current, step = progress.submission, self._watch_step(context, api, progress.submission.handle)
            progress = self._after_end(context, api, progress, step)
        self._hand_on(context, current, step)

    def _watch_step(self, context: Context, api: EmrApi, handle: StepHandle) -> StepTypeDef:
        return watch_step(
            api,
            handle,
            limits=self.limits,
            tell=self._log_state,
            interval=PollInterval(expected=self._expected(context)),
        )

    def _defer(self, context: Context, progress: Progress) -> None:
        trigger = StepEndTrigger(
            progress=_progress_to(progress),
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            timeout_seconds=self.limits.timeout_seconds,
            queue_timeout_seconds=self.limits.queue_timeout_seconds,
            expected_seconds=self._expected(context),
        )
        self.defer(trigger=trigger, method_name=self.resume.__name__)

    def _after_end(self, context: Context, api: EmrApi, progress: Progress, step: StepTypeDef) -> Progress | None:
        handle = progress.submission.handle
        return self._explained(api, handle, partial(after_end, api, self._task(context), progress, step))

    def _explained(self, api: EmrApi, handle: StepHandle, act: Callable[[], T]) -> T:
        """Run it; a step that has failed for good gets its probable cause and the tail of its logs."""
        try:
            return act()
        except StepFailed as failure:
            raise self._with_cause(api, handle, failure) from None

    def _with_cause(self, api: EmrApi, handle: StepHandle, failure: StepFailed) -> StepFailed:
        s3 = s3_client(self.aws_conn_id, self.region_name)
        return explained_step(
            api,
            s3,
            handle,
            failure,
            patience_seconds=self.log_patience_seconds,
            own_names=lambda: ProjectFiles(self._locate_project()).code_names(),
        )

    def _hand_on(self, context: Context, done: Submission, step: StepTypeDef) -> None:
        context["ti"].xcom_push(key=SECONDS_KEY, value=_seconds_of(step))
        output = self._step_attempt(context, done.label).output
        if output is not None and self.output_check is not None and self.latest is not None:
            self._accept_output(context, done, output, self.output_check)
        leave_end(context["ti"], step)

    def _accept_output(self, context: Context, done: Submission, output: str, check: OutputCheck) -> None:
        finished = FinishedOutput(
            latest=self._latest(context, output),
            check=check,
            label=done.label,
            step_folder=self.step_folder,
            claim=claim_in(context, self.claimed) if self.claimed else None,
        )
        counters = accept_output(s3_client(self.aws_conn_id, self.region_name), finished)
        if counters is not None:
            context["ti"].xcom_push(key=COUNTERS_KEY, value=counters.handed_on())
        if finished.claim is not None:
            context["ti"].xcom_push(key=PUBLISHED_KEY, value=finished.claim.place)
        context["ti"].xcom_push(key=OUTPUT_KEY, value=output)

    def _latest(self, context: Context, output: str) -> LatestOutput:
        return LatestOutput(
            **(self.latest or {}),
            output=output,
            run_id=context["dag_run"].run_id,
            params={name: value for name, value in context["params"].items() if name != TAKE_OVER_KEY},
            recorded_at=utc_now().isoformat(timespec="seconds"),
        )

    def _task(self, context: Context) -> StepTask:
        ti = context["ti"]
        clears = ti.xcom_pull(task_ids=submit_task(self.step_name), key=CLEARS_KEY) or 0
        return StepTask(
            attempt_of=partial(self._step_attempt, context),
            clusters=self.templates.clusters(self, context),
            try_number=ti.try_number,
            first_try=ti.max_tries - (self.retries or 0) + 1,
            cleared=(context["dag_run"].clear_number or 0) > clears and ti.max_tries > (self.retries or 0),
            job_retries=self.retries_of_job,
            execution_role=self.execution_role,
        )

    def _step_attempt(self, context: Context, label: str) -> StepAttempt:
        return self.templates.attempt(self, context, label)

    def _claim(self, context: Context) -> None:
        self._owner = str(context["ti"].id)
        with failing_fast():
            claim(s3_client(self.aws_conn_id, self.region_name), self.step_folder, self._owner)

    def _expected(self, context: Context) -> float | None:
        ti = context["ti"]
        seconds = ti.xcom_pull(task_ids=ti.task_id, key=SECONDS_KEY, include_prior_dates=True)
        return float(seconds) if isinstance(seconds, int | float) else None

    def _api(self) -> EmrApi:
        return emr_api(self.aws_conn_id, self.region_name)

    def _log_state(self, state: str, age: float) -> None:
        handle = self._watched
        self.log.info("Step %s is %s after %.0f s", handle.step_id if handle else "", state, age)


def _seconds_of(step: StepTypeDef) -> float | None:
    timeline = step["Status"].get("Timeline", {})
    begin_time, end_time = timeline.get("CreationDateTime"), timeline.get("EndDateTime")
    return None if begin_time is None or end_time is None else (end_time - begin_time).total_seconds()


def _progress_to(progress: Progress) -> dict[str, Any]:
    submission = progress.submission
    return {
        "cluster_id": submission.handle.cluster_id,
        "step_id": submission.handle.step_id,
        "label": submission.label,
        "counts": [progress.resubmitted, progress.job_retries_used, progress.infrastructure_retries_used],
    }


def _progress_from(kept: dict[str, Any]) -> Progress:
    resubmitted, job, infrastructure = kept["counts"]
    handle = StepHandle(cluster_id=kept["cluster_id"], step_id=kept["step_id"])
    return Progress(
        submission=Submission(handle=handle, label=kept["label"]),
        resubmitted=resubmitted,
        job_retries_used=job,
        infrastructure_retries_used=infrastructure,
    )

"""The steps of a run without Airflow: submitted, watched until they end, their outputs accepted; by the functions that Airflow's tasks use. Clients are passed in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from emr_pipelines.emr.cluster_replacement import ClusterSource
from emr_pipelines.emr.cluster_secrets import SecretStores
from emr_pipelines.emr.diagnosis.told_failures import explained_step
from emr_pipelines.emr.emr_api import EmrApi, StepFailed
from emr_pipelines.emr.launch_preparation import LaunchPreparation
from emr_pipelines.emr.polling import PollInterval
from emr_pipelines.emr.step_lifecycle import StepAttempt, StepTask, after_end, begin, submit_first
from emr_pipelines.emr.step_watch import WatchLimits, utc_now, watch_step
from emr_pipelines.emr.steps import Submission, cancel_submission
from emr_pipelines.pipeline_spec.project_files.project import ProjectFiles
from emr_pipelines.plan.legacy_contract import attempts_folder
from emr_pipelines.plan.model import OutputPlan, StepPlan
from emr_pipelines.plan.runs.run_binding import RunValues, bind_request, values_of_step
from emr_pipelines.plan.runs.run_scope import RunScope, latest_record, moment_of, place_claim
from emr_pipelines.storage.finished_outputs import FinishedOutput, OutputCheck, accept_output
from emr_pipelines.storage.inputs import require_inputs
from emr_pipelines.storage.latest_outputs import LatestOutput
from emr_pipelines.storage.owners import PlaceClaim, claim_of_run

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import StepTypeDef
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

_FIRST = "1"
# Somebody waits for the result: a short step is looked at more often than by Airflow's tasks.
_SHORTEST_PAUSE_SECONDS = 0.1
_CANCEL_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClients:
    """What a run talks to."""

    api: EmrApi
    s3: S3Client
    secrets: SecretStores


class StepRuns:
    """The steps of one run. `values` are the run's, to which each step adds its output; with `take_over` it publishes to places of others, too."""

    def __init__(
        self, scope: RunScope, values: RunValues, clients: RunClients, *, project: ProjectFiles, take_over: bool = False
    ) -> None:
        self.values = values
        self._project = project
        self._take_over = take_over
        self._scope, self._plan = scope, scope.plan
        self._api, self._s3 = clients.api, clients.s3
        self.preparation = LaunchPreparation(
            security_configuration=scope.plan.cluster.security_configuration, secrets=clients.secrets
        )

    def cluster_request(self) -> dict[str, Any]:
        """The RunJobFlow body of this run."""
        request: dict[str, Any] = bind_request(self._plan.cluster.request, self.values)
        return request

    def require_inputs(self, step: StepPlan) -> None:
        """Raise InputsMissing when one of the step's external inputs holds nothing."""
        uris = bind_request(list(step.external_inputs), self.values)
        require_inputs(self._s3, step.name, uris, on_empty=step.on_empty, place=step.place)

    def submit(self, step: StepPlan, cluster_id: str) -> Submission:
        """The step's first submission. Raises as `emr.step_lifecycle.submit_step` does."""
        return submit_first(
            self._api,
            self._clusters(),
            cluster_id,
            partial(self._attempt, step),
            epoch=_FIRST,
            try_number=1,
            execution_role=step.execution_role,
        )

    def finish(self, step: StepPlan, submitted: Submission) -> dict[str, Any]:
        """Block until the step has ended and its output is accepted; the output's prefix, where it is published and what was counted, as far as there are such.

        Raises StepFailed with the probable cause, StepTimedOut, OutputIncomplete, and as publishing does.
        """
        done = self._watch(step, submitted)
        own = values_of_step(self._plan, step, self.values, attempt=done.label)
        if step.output is None:
            return {}
        self.values = replace(self.values, step_outputs=own.step_outputs)
        return self._accept(step, step.output, own, done.label)

    def cancel(self, step: StepPlan, cluster_id: str) -> None:
        """Cancel what was submitted of the step to the cluster and may still run."""
        request = self._attempt(step, _FIRST).request
        cancel_submission(self._api, cluster_id, request, timeout_seconds=_CANCEL_SECONDS)

    def _watch(self, step: StepPlan, submitted: Submission) -> Submission:
        task = self._task(step)
        progress = begin(self._api, task, submitted)
        while True:
            current = progress.submission
            ended = self._watch_submission(step, current)
            try:
                following = after_end(self._api, task, progress, ended)
            except StepFailed as failure:
                patience = self._plan.log_patience_seconds
                raise explained_step(
                    self._api,
                    self._s3,
                    current.handle,
                    failure,
                    patience_seconds=patience,
                    own_names=self._project.code_names,
                ) from failure
            if following is None:
                return current
            progress = following

    def _watch_submission(self, step: StepPlan, current: Submission) -> StepTypeDef:
        return watch_step(
            self._api,
            current.handle,
            limits=WatchLimits(timeout_seconds=step.timeout_seconds, queue_timeout_seconds=step.queue_timeout_seconds),
            tell=partial(log.info, "Step %s is %s after %.0f s", current.handle.step_id),
            interval=PollInterval(minimum=_SHORTEST_PAUSE_SECONDS),
        )

    def _accept(self, step: StepPlan, output: OutputPlan, own: RunValues, label: str) -> dict[str, Any]:
        prefix = own.step_outputs[step.name]
        claim = self.claim(step, own)
        record: Mapping[str, Any] = bind_request(latest_record(self._scope, step), own)
        finished = FinishedOutput(
            latest=LatestOutput(
                **record,
                output=prefix,
                run_id=own.run_id,
                params=dict(own.params),
                recorded_at=utc_now().isoformat(timespec="seconds"),
            ),
            check=OutputCheck(success_marker=output.success_marker, min_files=output.min_files),
            label=label,
            step_folder=bind_request(attempts_folder(self._plan, step), own),
            claim=claim,
        )
        counters = accept_output(self._s3, finished)
        published = {} if claim is None else {"published": claim.place}
        return {"output": prefix, **published, **({} if counters is None else {"counters": counters.handed_on()})}

    def claim(self, step: StepPlan, values: RunValues) -> PlaceClaim | None:
        """What the step claims when it publishes, if it does."""
        claimed = place_claim(self._scope, step)
        if claimed is None:
            return None
        return claim_of_run(
            bind_request(claimed, values),
            run_id=values.run_id,
            moment=moment_of(values.logical_date),
            scheduled=False,
            take_over=self._take_over,
        )

    def _task(self, step: StepPlan) -> StepTask:
        return StepTask(
            attempt_of=partial(self._attempt, step),
            clusters=self._clusters(),
            try_number=1,
            cleared=False,
            job_retries=step.retries,
            execution_role=step.execution_role,
        )

    def _attempt(self, step: StepPlan, label: str) -> StepAttempt:
        own = values_of_step(self._plan, step, self.values, attempt=label)
        return StepAttempt(request=bind_request(step.request, own), output=own.step_outputs.get(step.name))

    def _clusters(self) -> ClusterSource:
        cluster = self._plan.cluster
        return ClusterSource(
            request=None if cluster.request is None else self.cluster_request,
            replaceable=cluster.replaceable,
            start_timeout_seconds=cluster.start_timeout_seconds,
            preparation=self.preparation,
        )

"""Why a run failed: each failure in the words in which its task tells it. Clients are passed in; reads only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from emr_pipelines.emr.cluster_replacement import ClusterLoss, find_loss
from emr_pipelines.emr.clusters import describe, launch_failure
from emr_pipelines.emr.diagnosis.told_failures import ToldFailure, tell_launch, tell_step
from emr_pipelines.emr.step_lifecycle import failure_of
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.task_names import PUBLISH_TASK
from emr_pipelines.run_records.cluster_reports import ClusterReport
from emr_pipelines.run_records.run_report import RunReport, StepReport
from emr_pipelines.run_records.sources import RunSources
from emr_pipelines.run_records.submitted_steps import SubmittedStep
from emr_pipelines.storage.step_outputs import verify_output

# EMR's reason for a cluster that the run's last task, or a person, has terminated.
_BY_REQUEST = "USER_REQUEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFailure:
    """What failed (a step, an attempt of one, a launch), and the failure as it is told. `step` is the step's name, `step_id` EMR's."""

    subject: str
    told: ToldFailure
    step: str | None = None
    step_id: str | None = None
    cluster_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """How failures are looked at: how long it may be waited for EMR's logs (seconds), and the names of the project's own code."""

    sources: RunSources
    patience_seconds: float
    own_names: Callable[[], Collection[str]]

    def of_run(self, report: RunReport) -> list[FoundFailure]:
        """What failed in the run, in its order; nothing for a run in which nothing did. A step that a later attempt made good has not failed."""
        if report.run.refusal and not report.run.skipped:
            return [FoundFailure(subject=f"task {PUBLISH_TASK}", told=ToldFailure(said=report.run.refusal))]
        steps = [found for step in report.steps for found in self.of_step(step)]
        return steps or [found for cluster in report.clusters for found in self._of_launch(cluster)]

    def of_step(self, step: StepReport) -> list[FoundFailure]:
        """Why the step failed, if it did."""
        latest = step.latest
        if latest is None or latest.is_active:
            return []
        if latest.state != "COMPLETED":
            return [self.of_attempt(latest)]
        return list(self._of_output(step, latest))

    def of_attempt(self, attempt: SubmittedStep) -> FoundFailure:
        """Why one attempt failed, which ended otherwise than well."""
        api, s3 = self.sources.api, self.sources.s3
        handle = attempt.handle
        failure = failure_of(attempt.summary, handle.cluster_id, self._loss(attempt))
        told = tell_step(api, s3, handle, failure, patience_seconds=self.patience_seconds, own_names=self.own_names)
        return FoundFailure(
            subject=f"step {attempt.name} ({handle.step_id}), attempt {attempt.label}",
            told=told,
            step=attempt.name,
            step_id=handle.step_id,
            cluster_id=handle.cluster_id,
        )

    def _loss(self, attempt: SubmittedStep) -> ClusterLoss | None:
        """A cluster that has ended since then, as each does, is no part of the failure of a step that failed by itself."""
        cluster_id = attempt.handle.cluster_id
        loss = find_loss(self.sources.api, cluster_id)
        ended_after = attempt.state == "FAILED" and loss is not None and _BY_REQUEST in loss.reason
        return None if ended_after else loss

    def _of_output(self, step: StepReport, latest: SubmittedStep) -> Iterator[FoundFailure]:
        prefix = step.plan.output_of(latest.label)
        if prefix is None or step.is_verified:
            return
        try:
            verify_output(
                self.sources.s3, prefix, success_marker=step.plan.success_marker, min_files=step.plan.min_files
            )
            said = (
                f"The step's output {prefix} is whole, but was not accepted yet, or could not be published; "
                f"the log of the task {step.name}.wait in Airflow says why"
            )
        except EmrPipelinesError as error:
            said = str(error)
        yield FoundFailure(
            subject=f"the output of step {step.name} ({latest.handle.step_id})",
            told=ToldFailure(said=said),
            step=step.name,
            step_id=latest.handle.step_id,
            cluster_id=latest.handle.cluster_id,
        )

    def _of_launch(self, cluster: ClusterReport) -> Iterator[FoundFailure]:
        """A cluster that never took steps, or was lost."""
        if cluster.state != "TERMINATED_WITH_ERRORS":
            return
        if cluster.ready is not None:
            told = ToldFailure(said=f"Cluster {cluster.cluster_id} is gone: {cluster.reason}")
            yield FoundFailure(subject=f"cluster {cluster.cluster_id}", told=told, cluster_id=cluster.cluster_id)
            return
        api, s3 = self.sources.api, self.sources.s3
        failure = launch_failure(describe(api, cluster.cluster_id))
        yield FoundFailure(
            subject=f"the launch of cluster {cluster.cluster_id}",
            told=tell_launch(api, s3, failure, patience_seconds=self.patience_seconds),
            cluster_id=cluster.cluster_id,
        )

"""The operators around a run's steps: publish the code, create or use the cluster, terminate it. The provider's classes with what is unsafe in them replaced by `emr` and `storage`.

`template_ext` is empty everywhere: the provider's (".json",) would open an argument that ends in .json as a file (apache/airflow#10451).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.emr import EmrCreateJobFlowOperator, EmrTerminateJobFlowOperator
from airflow.sdk import BaseOperator

from emr_pipelines.dag.aws_clients import emr_api, failing_fast, s3_client
from emr_pipelines.dag.console_links import persist_links
from emr_pipelines.dag.input_checks import ExternalInputs, refuse_missing_inputs
from emr_pipelines.dag.macros import SPEC_KEY
from emr_pipelines.emr.clusters import (
    BOOTSTRAP_FAILURE,
    adopt_or_create,
    live_clusters,
    terminate_clusters,
    use_existing,
    wait_until_ready,
    wait_until_terminated,
)
from emr_pipelines.emr.diagnosis.probable_cause import explain_launch
from emr_pipelines.emr.emr_api import ClusterFailed, EmrApi
from emr_pipelines.emr.launch_preparation import LaunchPreparation
from emr_pipelines.emr.polling import PollInterval, poll_until
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.places import place_of
from emr_pipelines.plan.plan_record import record_plan
from emr_pipelines.spec.task_names import CREATE_TASK
from emr_pipelines.storage.artifact_contents import describe_contents, read_contents
from emr_pipelines.storage.code_artifacts import publish_code
from emr_pipelines.storage.published_plan import publish_plan
from emr_pipelines.storage.step_outputs import refuse_foreign_objects

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import DagRunProtocol
    from types_boto3_s3.client import S3Client

TERMINATION_TIMEOUT_SECONDS = 20 * 60.0
# How long the teardown looks for a cluster whose create task was killed before it knew whether it had made one.
LATE_CLUSTER_SECONDS = 30.0
# XCom of the create task: it has settled whether a cluster exists, so that the teardown need not wait for one to appear.
SETTLED_KEY = "settled"


class PublishCodeOperator(BaseOperator):
    """Checks that the inputs exist and that nothing is in the way where outputs will be published, then uploads the pipeline's scripts, packages and bootstrap actions under a digest of their content, and the plan; returns the prefix of the code."""

    template_fields: Sequence[str] = ("inputs", "publish_to")
    ui_color = "#d9ead3"

    def __init__(
        self,
        *,
        plan: Plan,
        inputs: Sequence[ExternalInputs],
        publish_to: Sequence[str],
        locate_project: Callable[[], Path],
        aws_conn_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # No template field: Airflow would store the whole plan as rendered text with each run.
        self._plan = plan
        self.spec_digest = plan.spec_digest
        self.inputs = list(inputs)
        self.publish_to = list(publish_to)
        self._locate_project = locate_project
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name

    def execute(self, context: Context) -> str:
        """Publish and return the code prefix; a missing input, or foreign objects where an output goes, end the run here, before a cluster is paid for."""
        s3 = s3_client(self.aws_conn_id, self.region_name)
        with failing_fast():
            refuse_missing_inputs(s3, self.inputs)
            for place in self.publish_to:
                refuse_foreign_objects(s3, place)
            prefix = self._publish(s3, context["dag_run"])
        context["ti"].xcom_push(key=SPEC_KEY, value=self.spec_digest)
        return prefix

    def _publish(self, s3: S3Client, dag_run: DagRunProtocol) -> str:
        """Upload the code, then the plan, with which `emr-pipelines plan --against published` compares."""
        plan = self._plan
        contents = read_contents(plan.artifacts, self._locate_project())
        prefix = publish_code(s3, contents, bucket=plan.bucket)
        record = record_plan(plan, describe_contents(plan.artifacts, contents), prefix)
        date = (dag_run.logical_date or dag_run.run_after).isoformat()
        publish_plan(s3, record, bucket=plan.bucket, run_id=dag_run.run_id, date=date)
        return prefix


class CreateClusterOperator(EmrCreateJobFlowOperator):
    """Adopts the live cluster of this run or creates it, waits until it takes steps, and terminates it if anything fails after that.

    `places` and `place` are the plan's: where in the spec the values stand that EMR may refuse. `preparation` is what happens before a cluster is created.
    """

    template_ext: Sequence[str] = ()
    ui_color = EmrCreateJobFlowOperator.ui_color

    def __init__(
        self,
        *,
        log_patience_seconds: float,
        start_timeout_seconds: float | None = None,
        preparation: LaunchPreparation | None = None,
        places: Sequence[tuple[str, str]] = (),
        place: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.start_timeout_seconds = start_timeout_seconds
        self.log_patience_seconds = log_patience_seconds
        self._preparation = preparation
        self._locate = partial(place_of, places=tuple(places), default=place)

    def execute(self, context: Context) -> str:
        """Return the id of the cluster."""
        api = emr_api(self.aws_conn_id, self.region_name)
        try:
            with failing_fast(self._locate):
                cluster_id = self._launch(api, context)
        except Exception:
            self._settle(context)
            raise
        # Not after a kill (a BaseException): a RunJobFlow may be in flight then.
        self._settle(context)
        return cluster_id

    def _settle(self, context: Context) -> None:
        context["ti"].xcom_push(key=SETTLED_KEY, value="yes")

    def _launch(self, api: EmrApi, context: Context) -> str:
        cluster_id = adopt_or_create(api, self._request(), self._preparation)
        log_uri = self._request().get("LogUri")
        try:
            persist_links(context, self, cluster_id=cluster_id, region=self.region_name or "", log_uri=log_uri)
            wait_until_ready(api, cluster_id, PollInterval(), timeout_seconds=self.start_timeout_seconds)
        except ClusterFailed as failure:
            terminate_clusters(api, [cluster_id])
            raise self._explain(api, failure, context) from failure
        except BaseException:
            self.log.warning("Terminating cluster %s, since this task cannot hand it on", cluster_id)
            terminate_clusters(api, [cluster_id])
            raise
        return cluster_id

    def _explain(self, api: EmrApi, failure: ClusterFailed, context: Context) -> ClusterFailed:
        """The failure with its probable cause. A bootstrap action that fails twice would fail for ever."""
        if failure.code != BOOTSTRAP_FAILURE:
            return failure
        s3 = s3_client(self.aws_conn_id, self.region_name)
        explanation = explain_launch(api, s3, failure.cluster_id, patience_seconds=self.log_patience_seconds)
        for name, lines in explanation.tails.items():
            self.log.error("The last %d lines of %s:\n%s", len(lines), name, "\n".join(lines))
        ti = context["ti"]
        tries_before = ti.try_number - 1 - max(ti.max_tries - (self.retries or 0), 0)
        words = f"{failure}. {explanation.sentence}" if explanation.sentence else str(failure)
        return ClusterFailed(words, retryable=tries_before < 1, cluster_id=failure.cluster_id, code=failure.code)

    def on_kill(self) -> None:
        """Leave the cluster: the next try adopts it, and without one the teardown ends it by its key. A successor may have it already, if this task was only taken for dead."""

    def _request(self) -> dict[str, Any]:
        if not isinstance(self.job_flow_overrides, dict):
            raise TypeError("job_flow_overrides must be the rendered RunJobFlow body")
        return self.job_flow_overrides


class UseClusterOperator(BaseOperator):
    """Finds a long-running cluster by id or name; never creates, changes or terminates it."""

    ui_color = EmrCreateJobFlowOperator.ui_color

    def __init__(
        self,
        *,
        cluster_id: str | None,
        cluster_name: str | None,
        aws_conn_id: str,
        region_name: str,
        place: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cluster_id = cluster_id
        self.cluster_name = cluster_name
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.place = place

    def execute(self, context: Context) -> str:
        """Return the id of the cluster."""
        with failing_fast(lambda _: self.place):
            return use_existing(
                emr_api(self.aws_conn_id, self.region_name), cluster_id=self.cluster_id, name=self.cluster_name
            )


class TerminateClusterOperator(EmrTerminateJobFlowOperator):
    """Terminates every live cluster of this run, found by its key: it needs no XCom and works after any failure of the create task."""

    template_fields: Sequence[str] = (*EmrTerminateJobFlowOperator.template_fields, "job_flow_overrides")

    def __init__(self, *, job_flow_overrides: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(job_flow_id="", **kwargs)
        self.job_flow_overrides = job_flow_overrides

    def execute(self, context: Context) -> None:
        """Block until no cluster of this run is left."""
        api = emr_api(self.aws_conn_id, self.region_name)
        with failing_fast():
            clusters = self._find_clusters(api, context)
            for cluster_id in clusters:
                persist_links(
                    context,
                    self,
                    cluster_id=cluster_id,
                    region=self.region_name or "",
                    log_uri=self.job_flow_overrides.get("LogUri"),
                )
            terminate_clusters(api, clusters)
            wait_until_terminated(api, clusters, PollInterval(), timeout_seconds=TERMINATION_TIMEOUT_SECONDS)

    def _find_clusters(self, api: EmrApi, context: Context) -> list[str]:
        settled = context["ti"].xcom_pull(task_ids=CREATE_TASK, key=SETTLED_KEY)
        clusters = poll_until(
            lambda: live_clusters(api, self.job_flow_overrides),
            bool,
            PollInterval(minimum=2.0, maximum=5.0),
            # A create task that was killed may have sent a RunJobFlow that EMR is still working on.
            timeout_seconds=0.0 if settled else LATE_CLUSTER_SECONDS,
        )
        if not clusters:
            self.log.info("No live cluster is named %s; nothing is left to terminate", self.job_flow_overrides["Name"])
        return clusters

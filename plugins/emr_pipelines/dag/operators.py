"""The operators of our DAGs: the Amazon provider's EMR operators with what is unsafe in them replaced by `emr` and `storage`.

`template_ext` is empty everywhere: the provider's (".json",) would open an argument that ends in .json as a file (apache/airflow#10451).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.emr import (
    EmrAddStepsOperator,
    EmrCreateJobFlowOperator,
    EmrTerminateJobFlowOperator,
)
from airflow.sdk import BaseOperator

from emr_pipelines.dag.aws_clients import emr_api, failing_fast, s3_client
from emr_pipelines.dag.console_links import persist_links
from emr_pipelines.dag.macros import OUTPUT_KEY
from emr_pipelines.emr.clusters import (
    adopt_or_create,
    live_clusters,
    terminate_clusters,
    use_existing,
    wait_until_ready,
    wait_until_terminated,
)
from emr_pipelines.emr.polling import PollInterval
from emr_pipelines.emr.steps import submit_once
from emr_pipelines.plan.model import Artifact
from emr_pipelines.storage.code_artifacts import publish_code

if TYPE_CHECKING:
    from airflow.sdk import Context

TERMINATION_TIMEOUT_SECONDS = 20 * 60.0


class PublishCodeOperator(BaseOperator):
    """Uploads the pipeline's scripts, packages and bootstrap actions under a digest of their content; returns the prefix."""

    ui_color = "#d9ead3"

    def __init__(
        self,
        *,
        artifacts: Sequence[dict[str, str]],
        bucket: str,
        locate_project: Callable[[], Path],
        aws_conn_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.artifacts = [dict(artifact) for artifact in artifacts]
        self.bucket = bucket
        self._locate_project = locate_project
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name

    def execute(self, context: Context) -> str:
        """Publish and return the code prefix."""
        with failing_fast():
            artifacts = [Artifact(**artifact) for artifact in self.artifacts]  # type: ignore[arg-type]  # `kind` came from an Artifact
            return publish_code(
                s3_client(self.aws_conn_id, self.region_name),
                artifacts,
                project_root=self._locate_project(),
                bucket=self.bucket,
            )


class CreateClusterOperator(EmrCreateJobFlowOperator):
    """Adopts the live cluster of this run or creates it, waits until it takes steps, and terminates it if anything fails after that."""

    template_ext: Sequence[str] = ()
    ui_color = EmrCreateJobFlowOperator.ui_color

    def execute(self, context: Context) -> str:
        """Return the id of the cluster."""
        api = emr_api(self.aws_conn_id, self.region_name)
        with failing_fast():
            cluster_id = adopt_or_create(api, self._request())
            try:
                persist_links(
                    context,
                    self,
                    cluster_id=cluster_id,
                    region=self.region_name or "",
                    log_uri=self._request().get("LogUri"),
                )
                wait_until_ready(api, cluster_id, PollInterval())
            except Exception:
                self.log.warning("Terminating cluster %s, since this task cannot hand it on", cluster_id)
                terminate_clusters(api, [cluster_id])
                raise
            return cluster_id

    def on_kill(self) -> None:
        """Terminate by key, not by a remembered id: the kill may come before RunJobFlow has answered."""
        api = emr_api(self.aws_conn_id, self.region_name)
        terminate_clusters(api, live_clusters(api, self._request()))

    def _request(self) -> dict[str, Any]:
        if not isinstance(self.job_flow_overrides, dict):
            raise TypeError("job_flow_overrides must be the rendered RunJobFlow body")
        return self.job_flow_overrides


class UseClusterOperator(BaseOperator):
    """Finds a long-running cluster by id or name; never creates, changes or terminates it."""

    ui_color = EmrCreateJobFlowOperator.ui_color

    def __init__(
        self, *, cluster_id: str | None, cluster_name: str | None, aws_conn_id: str, region_name: str, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cluster_id = cluster_id
        self.cluster_name = cluster_name
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name

    def execute(self, context: Context) -> str:
        """Return the id of the cluster."""
        with failing_fast():
            return use_existing(
                emr_api(self.aws_conn_id, self.region_name), cluster_id=self.cluster_id, name=self.cluster_name
            )


class SubmitStepOperator(EmrAddStepsOperator):
    """Submits one step once: a retry, a lost answer or a kill finds the step by the key in its name instead of adding it again."""

    template_fields: Sequence[str] = (*EmrAddStepsOperator.template_fields, "output_prefix")
    template_ext: Sequence[str] = ()

    def __init__(self, *, output_prefix: str | None = None, log_uri: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_prefix = output_prefix
        self.log_uri = log_uri

    def execute(self, context: Context) -> str:  # type: ignore[override]  # one step, one id: the parent's list never has another length here
        """Return the id of the step; XCom `output` is the prefix that it will write."""
        if self.job_flow_id is None or not isinstance(self.steps, list):
            raise TypeError("job_flow_id and a rendered list of one step are needed")
        persist_links(context, self, cluster_id=self.job_flow_id, region=self.region_name or "", log_uri=self.log_uri)
        with failing_fast():
            handle = submit_once(
                emr_api(self.aws_conn_id, self.region_name),
                self.job_flow_id,
                self.steps[0],
                execution_role=self.execution_role_arn,
            )
        if self.output_prefix is not None:
            context["ti"].xcom_push(key=OUTPUT_KEY, value=self.output_prefix)
        return handle.step_id


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
            clusters = live_clusters(api, self.job_flow_overrides)
            if not clusters:
                self.log.info(
                    "No live cluster is named %s; nothing is left to terminate", self.job_flow_overrides["Name"]
                )
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

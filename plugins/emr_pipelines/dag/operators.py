"""The operators around a run's steps: publish the code, create or use the cluster, terminate it. The provider's classes with what is unsafe in them replaced by `emr` and `storage`.

`template_ext` is empty everywhere: the provider's (".json",) would open an argument that ends in .json as a file (apache/airflow#10451).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.emr import EmrCreateJobFlowOperator, EmrTerminateJobFlowOperator
from airflow.providers.common.compat.sdk import AirflowSkipException
from airflow.sdk import BaseOperator

from emr_pipelines.dag.aws_clients import emr_api, failing_fast, s3_client
from emr_pipelines.dag.console_links import persist_links
from emr_pipelines.dag.evidence import TERMINATED_KEY
from emr_pipelines.dag.input_checks import ExternalInputs, refuse_missing_inputs
from emr_pipelines.dag.macros import SPEC_KEY
from emr_pipelines.dag.place_claims import claim_in
from emr_pipelines.emr.clusters import BOOTSTRAP_FAILURE, use_existing
from emr_pipelines.emr.diagnosis.told_failures import explained_launch
from emr_pipelines.emr.emr_api import ClusterFailed, EmrApi
from emr_pipelines.emr.launch_preparation import LaunchPreparation
from emr_pipelines.emr.run_cluster import end_clusters, find_launched, launch_cluster
from emr_pipelines.pipeline_spec.notation.task_names import CREATE_TASK, TAKE_OVER_KEY
from emr_pipelines.plan.places import place_of
from emr_pipelines.plan.runs.run_range import refuse_year, words_outside
from emr_pipelines.plan.runs.run_scope import RunScope
from emr_pipelines.storage.run_code import publish_run, refusals_recorded
from emr_pipelines.storage.step_outputs import refuse_taken_place

if TYPE_CHECKING:
    from airflow.sdk import Context

# XCom of the create task: it has settled whether a cluster exists, so that the teardown need not wait for one to appear.
SETTLED_KEY = "settled"


class PublishCodeOperator(BaseOperator):
    """Checks that the inputs exist and that outputs may be published where they are to be, then uploads the pipeline's scripts, packages and bootstrap actions under a digest of their content, and the plan; returns the prefix of the code."""

    template_fields: Sequence[str] = ("inputs", "claims")
    ui_color = "#d9ead3"

    def __init__(
        self,
        *,
        scope: RunScope,
        inputs: Sequence[ExternalInputs],
        claims: Sequence[dict[str, Any]],
        locate_project: Callable[[], Path],
        aws_conn_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # No template field: Airflow would store the whole plan as rendered text with each run.
        self._scope = scope
        self.spec_digest = scope.plan.spec_digest
        self.inputs = list(inputs)
        self.claims = list(claims)
        self._locate_project = locate_project
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name

    def execute(self, context: Context) -> str:
        """Publish and return the code prefix; a missing input, or a place of publishing that is another's, ends the run here, before a cluster is paid for."""
        s3, dag_run = s3_client(self.aws_conn_id, self.region_name), context["dag_run"]
        date = dag_run.logical_date or dag_run.run_after
        params = {name: value for name, value in context["params"].items() if name != TAKE_OVER_KEY}
        run: Any = {"run_id": dag_run.run_id, "moment": date.isoformat(), "params": params}
        with failing_fast():
            with refusals_recorded(s3, self._scope, **run, skips=_is_skip):
                refuse_year(self._scope.plan, context["params"], date)
                refuse_missing_inputs(s3, self.inputs, context["ti"], hint=words_outside(self._scope.plan, date))
                for claimed in self.claims:
                    refuse_taken_place(s3, claim_in(context, claimed))
            prefix = publish_run(s3, self._scope, self._locate_project(), **run)
        context["ti"].xcom_push(key=SPEC_KEY, value=self.spec_digest)
        return prefix


def _is_skip(error: Exception) -> bool:
    return isinstance(error, AirflowSkipException)


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
        request = self._request()
        links = partial(persist_links, context, self, region=self.region_name or "", log_uri=request.get("LogUri"))
        try:
            return launch_cluster(
                api,
                request,
                self._preparation,
                start_timeout_seconds=self.start_timeout_seconds,
                tell=lambda cluster_id: links(cluster_id=cluster_id),
            )
        except ClusterFailed as failure:
            raise self._explain(api, failure, context) from None

    def _explain(self, api: EmrApi, failure: ClusterFailed, context: Context) -> ClusterFailed:
        """The failure with its probable cause. A bootstrap action that fails twice would fail for ever."""
        if failure.code != BOOTSTRAP_FAILURE:
            return failure
        ti = context["ti"]
        tries_before = ti.try_number - 1 - max(ti.max_tries - (self.retries or 0), 0)
        return explained_launch(
            api,
            s3_client(self.aws_conn_id, self.region_name),
            failure,
            patience_seconds=self.log_patience_seconds,
            retryable=tries_before < 1,
        )

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
            end_clusters(api, clusters)
        context["ti"].xcom_push(key=TERMINATED_KEY, value=clusters)

    def _find_clusters(self, api: EmrApi, context: Context) -> list[str]:
        settled = context["ti"].xcom_pull(task_ids=CREATE_TASK, key=SETTLED_KEY)
        clusters = find_launched(api, self.job_flow_overrides, settled=bool(settled))
        if not clusters:
            self.log.info("No live cluster is named %s; nothing is left to terminate", self.job_flow_overrides["Name"])
        return clusters

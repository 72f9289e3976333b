"""A whole run without Airflow: what the DAG's tasks do, in their order, told by the same events. It tries nothing again that Airflow would try again. Clients are passed in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.emr.clusters import BOOTSTRAP_FAILURE, use_existing
from emr_pipelines.emr.diagnosis.told_failures import explained_launch
from emr_pipelines.emr.emr_api import ClusterFailed, RunError, describe_error
from emr_pipelines.emr.run_cluster import end_clusters, find_launched, launch_cluster
from emr_pipelines.emr.steps import Submission
from emr_pipelines.inline.step_runs import RunClients, StepRuns
from emr_pipelines.pipeline_spec.notation.task_names import (
    CREATE_TASK,
    LEAVE_TASK,
    PUBLISH_TASK,
    TERMINATE_TASK,
    VERDICT_TASK,
)
from emr_pipelines.pipeline_spec.project_files.project import ProjectFiles
from emr_pipelines.plan.model import StepPlan
from emr_pipelines.plan.places import place_of
from emr_pipelines.plan.runs.run_binding import RunValues
from emr_pipelines.plan.runs.run_scope import RunScope
from emr_pipelines.plan.task_ids import submit_task, wait_task
from emr_pipelines.storage.inputs import InputsMissing
from emr_pipelines.storage.run_code import publish_run, refusals_recorded
from emr_pipelines.storage.step_outputs import refuse_taken_place

log = logging.getLogger(__name__)

Tell = Callable[[Mapping[str, Any]], None]


class InlineRun:
    """One run, which with `take_over` publishes to places of others, too. `tell` gets each event as `dag.in_process.inline_run` tells it: a task's state with its time, its error, and what it hands on."""

    def __init__(
        self,
        scope: RunScope,
        values: RunValues,
        clients: RunClients,
        *,
        project_root: Path,
        tell: Tell,
        take_over: bool = False,
    ) -> None:
        self._scope, self._plan, self._clients = scope, scope.plan, clients
        self._project_root = project_root
        self._tell = tell
        self._steps = StepRuns(scope, values, clients, project=ProjectFiles(project_root), take_over=take_over)
        self._submitted: dict[str, tuple[StepPlan, str]] = {}  # may still run: the step, and its cluster
        self._launched = self._settled = False

    def run(self) -> None:
        """Run it to its end. Raises what ended it, once its steps are cancelled and a cluster of its own is terminated; an interruption while that is done leaves at once."""
        try:
            self._publish()
            self._run_steps(self._find_cluster())
        except BaseException as error:
            self._clean_up(error)
            raise
        self._end_cluster()
        # The loop above has waited for every step, and a wait raises unless its output was verified.
        with self._task(VERDICT_TASK):
            pass

    def _publish(self) -> None:
        with self._task(PUBLISH_TASK):
            values, s3 = self._steps.values, self._clients.s3
            moment = values.logical_date.isoformat()
            run: Any = {"run_id": values.run_id, "moment": moment, "params": values.params}
            with refusals_recorded(s3, self._scope, **run, skips=_is_skip):
                self._refuse_early()
            prefix = publish_run(s3, self._scope, self._project_root, **run)
            self._steps.values = replace(values, code_prefix=prefix)

    def _refuse_early(self) -> None:
        """What ends a run before anything is paid for."""
        # What a step waits for may be written by the steps before it; only the first ones' inputs must be there now.
        for step in self._plan.steps:
            if not step.upstream:
                self._steps.require_inputs(step)
            if (claim := self._steps.claim(step, self._steps.values)) is not None:
                refuse_taken_place(self._clients.s3, claim)

    def _find_cluster(self) -> str:
        cluster = self._plan.cluster
        with self._task(CREATE_TASK, partial(place_of, places=cluster.places, default=cluster.place)) as handed_on:
            if cluster.request is None:
                found = use_existing(self._clients.api, cluster_id=cluster.existing_id, name=cluster.existing_name)
            else:
                found = self._launch()
            handed_on["cluster"] = found
        return found

    def _launch(self) -> str:
        self._launched = True
        api, cluster = self._clients.api, self._plan.cluster
        try:
            found = launch_cluster(
                api,
                self._steps.cluster_request(),
                self._steps.preparation,
                start_timeout_seconds=cluster.start_timeout_seconds,
                tell=partial(log.info, "The cluster of this run is %s"),
            )
        except Exception as failure:
            self._settled = True
            if isinstance(failure, ClusterFailed) and failure.code == BOOTSTRAP_FAILURE:
                raise self._explained(failure) from failure
            raise
        # Not after an interruption: a RunJobFlow may be in flight then.
        self._settled = True
        return found

    def _explained(self, failure: ClusterFailed) -> ClusterFailed:
        patience = self._plan.log_patience_seconds
        return explained_launch(
            self._clients.api, self._clients.s3, failure, patience_seconds=patience, retryable=False
        )

    def _run_steps(self, cluster_id: str) -> None:
        """Submit each step once those before it have ended, and wait for the submitted ones in their order."""
        waiting, done = list(self._plan.steps), set[str]()
        running: dict[str, Submission] = {}
        while waiting or running:
            for step in [one for one in waiting if done.issuperset(one.upstream)]:
                running[step.name] = self._submit(step, cluster_id)
                waiting.remove(step)
            name, submission = next(iter(running.items()))
            self._wait(self._submitted[name][0], submission)
            done.add(name)
            del running[name]

    def _submit(self, step: StepPlan, cluster_id: str) -> Submission:
        with self._task(submit_task(step.name), lambda _: step.place):
            if step.upstream:
                self._steps.require_inputs(step)
            self._submitted[step.name] = (step, cluster_id)
            submission = self._steps.submit(step, cluster_id)
            self._submitted[step.name] = (step, submission.handle.cluster_id)
        return submission

    def _wait(self, step: StepPlan, submission: Submission) -> None:
        with self._task(wait_task(step.name)) as handed_on:
            handed_on |= self._steps.finish(step, submission)
            del self._submitted[step.name]

    def _clean_up(self, reason: BaseException) -> None:
        if not isinstance(reason, Exception):
            self._tell({"interrupted": str(reason)})
        for step, cluster_id in list(self._submitted.values()):
            _without_raising(f"the cancellation of {step.name}", partial(self._steps.cancel, step, cluster_id))
        _without_raising("the termination of the cluster", self._end_cluster)

    def _end_cluster(self) -> None:
        if not self._scope.ends_cluster:
            with self._task(LEAVE_TASK):
                return
        if not self._launched:
            return
        api = self._clients.api
        with self._task(TERMINATE_TASK):
            end_clusters(api, find_launched(api, self._steps.cluster_request(), settled=self._settled))

    @contextmanager
    def _task(self, name: str, locate: Callable[[str], str] | None = None) -> Iterator[dict[str, Any]]:
        """Tell the task's start and end; `locate` gives the place in the spec that a refusal is about. Errors of AWS become RunErrors."""
        handed_on: dict[str, Any] = {}
        self._report(name, "running")
        try:
            try:
                yield handed_on
            except (RunError, ClientError, BotoCoreError) as error:
                raise _located(error, locate) from error
        except BaseException as error:
            skipped = _is_skip(error)
            words = str(error) if isinstance(error, Exception) else "The run was interrupted"
            self._report(name, "skipped" if skipped else "failed", error=words)
            raise
        self._report(name, "success", **handed_on)

    def _report(self, task: str, state: str, **details: Any) -> None:
        self._tell({"task": task, "state": state, "time": time.time(), **details})


def _is_skip(error: BaseException) -> bool:
    """Whether the spec says that this ends a run without making it a failed one."""
    return isinstance(error, InputsMissing) and error.skips


def _located(error: Exception, locate: Callable[[str], str] | None) -> RunError:
    message = str(error) if isinstance(error, RunError) else describe_error(error)
    place = locate(message) if locate else ""
    tails = error.tails if isinstance(error, RunError) else {}
    return RunError(f"{message.rstrip('.')} ({place})" if place else message, retryable=False, tails=tails)


def _without_raising(what: str, act: Callable[[], None]) -> None:
    """What ended the run is what must be told; that something was not tidied up is logged and seen in its task."""
    try:
        act()
    except Exception:
        log.exception("%s failed", what)

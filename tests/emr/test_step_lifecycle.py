"""A step goes on where a killed, retried or cleared task left it, and on another cluster when its own is lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from emr_pipelines.emr.cluster_replacement import ClusterSource
from emr_pipelines.emr.clusters import (
    adopt_or_create,
    live_clusters,
    terminate_clusters,
    wait_until_ready,
    wait_until_terminated,
)
from emr_pipelines.emr.emr_api import ClusterGone, EmrApi, StepFailed
from emr_pipelines.emr.polling import PollInterval, poll_until
from emr_pipelines.emr.step_lifecycle import Progress, StepAttempt, StepTask, after_end, begin, submit_step
from emr_pipelines.emr.step_watch import WatchLimits, watch_step
from emr_pipelines.emr.steps import StepHandle, Submission, cancel_step, describe_step
from tests.emr.conftest import cluster_request, shell_step
from tests.fault_control import Faults

FAST = PollInterval(minimum=0.05, maximum=0.2)


@dataclass
class Case:
    """A run's cluster and one step's task."""

    api: EmrApi
    request: dict[str, Any]
    task: StepTask
    cluster: str

    def submit(self, label: str = "1") -> Submission:
        request = self.task.attempt_of(label).request
        handle = submit_step(self.api, self.task.clusters, self.cluster, request, execution_role=None)
        return Submission(handle=handle, label=label)

    def watch(self, handle: StepHandle) -> Any:
        return watch_step(self.api, handle, limits=WatchLimits(), interval=FAST, tell=lambda *_: None)

    def state(self, one: Submission) -> str:
        return describe_step(self.api, one.handle)["Status"]["State"]

    def end_by_policy(self, faults: Faults) -> None:
        faults.lose(self.cluster, "idle")
        wait_until_terminated(self.api, [self.cluster], FAST, timeout_seconds=120)


@pytest.fixture
def make(api: EmrApi) -> Iterator[Callable[..., Case]]:
    made: list[Case] = []

    def build(script: str, **task: Any) -> Case:
        request, family = cluster_request(), uuid.uuid4().hex[:12]
        cluster = adopt_or_create(api, request)
        wait_until_ready(api, cluster, FAST)
        source = ClusterSource(request=lambda: request, replaceable=True, start_timeout_seconds=60)
        settings: dict[str, Any] = {"clusters": source, "try_number": 1, "cleared": False, "job_retries": 0, **task}
        step_task = StepTask(
            attempt_of=lambda label: StepAttempt(
                request=shell_step(script, family=family, label=label), output=f"s3://b/attempt={label}"
            ),
            **settings,
        )
        made.append(Case(api=api, request=request, task=step_task, cluster=cluster))
        return made[-1]

    yield build
    for case in made:
        terminate_clusters(api, live_clusters(api, case.request))


def test_a_failed_job_runs_again_as_often_as_the_spec_says(make: Callable[..., Case]) -> None:
    case = make("exit 3", job_retries=1)
    first = Progress(submission=case.submit())
    again = after_end(case.api, case.task, first, case.watch(first.submission.handle))
    assert again is not None
    assert again.submission.label == "1-1-1"
    with pytest.raises(StepFailed, match="is FAILED") as caught:
        after_end(case.api, case.task, again, case.watch(again.submission.handle))
    assert not caught.value.retryable


def test_a_later_try_goes_on_with_the_attempt_that_an_earlier_try_made(make: Callable[..., Case]) -> None:
    case = make("sleep 300", try_number=2)
    submitted = case.submit()
    cancel_step(case.api, submitted.handle)
    again = begin(case.api, case.task, submitted)
    assert again.submission.label == "1-2-1"
    third_try = replace(case.task, try_number=3)
    assert begin(case.api, third_try, submitted).submission.handle == again.submission.handle
    cancel_step(case.api, again.submission.handle)


def test_a_step_that_is_still_being_cancelled_is_over_before_it_runs_again(make: Callable[..., Case]) -> None:
    case = make('trap "" TERM; sleep 300 & wait; wait', try_number=2)
    submitted = case.submit()
    poll_until(lambda: case.state(submitted), lambda state: state == "RUNNING", FAST, timeout_seconds=120)
    case.api.read.cancel_steps(ClusterId=case.cluster, StepIds=[submitted.handle.step_id])
    assert case.state(submitted) in ("CANCEL_PENDING", "CANCELLED")
    again = begin(case.api, case.task, submitted)
    assert (again.submission.label, case.state(submitted)) == ("1-2-1", "CANCELLED")
    cancel_step(case.api, again.submission.handle)


def test_a_clear_ends_a_step_that_still_runs_and_starts_it_again_once(make: Callable[..., Case]) -> None:
    case = make("sleep 300", try_number=2, cleared=True, first_try=2)
    submitted = case.submit()
    again = begin(case.api, case.task, submitted)
    assert (again.submission.label, case.state(submitted)) == ("1-2-1", "CANCELLED")
    third_try = replace(case.task, try_number=3)
    assert begin(case.api, third_try, submitted).submission.handle == again.submission.handle
    assert case.state(again.submission) in ("PENDING", "RUNNING")
    cancel_step(case.api, again.submission.handle)


def test_a_step_that_somebody_cancelled_while_we_watched_is_not_started_again(make: Callable[..., Case]) -> None:
    case = make("sleep 300")
    submitted = case.submit()
    progress = begin(case.api, case.task, submitted)
    cancel_step(case.api, submitted.handle)
    with pytest.raises(StepFailed, match="is CANCELLED"):
        after_end(case.api, case.task, progress, describe_step(case.api, submitted.handle))


def test_a_lost_cluster_is_replaced_by_one(make: Callable[..., Case], faults: Faults) -> None:
    case = make("sleep 300")
    submitted = case.submit()
    faults.lose(case.cluster, "primary")
    progress = after_end(case.api, case.task, Progress(submission=submitted), case.watch(submitted.handle))
    assert progress is not None
    new = progress.submission.handle.cluster_id
    assert new != case.cluster
    assert live_clusters(case.api, case.request) == [new]


def test_a_step_for_a_cluster_that_ended_while_idle_goes_to_another_one(
    make: Callable[..., Case], faults: Faults
) -> None:
    case = make("true")
    case.end_by_policy(faults)
    submission = case.submit()
    assert submission.handle.cluster_id != case.cluster
    assert case.watch(submission.handle)["Status"]["State"] == "COMPLETED"


def test_a_cluster_that_was_ended_on_purpose_is_not_replaced(make: Callable[..., Case]) -> None:
    case = make("true")
    terminate_clusters(case.api, [case.cluster])
    with pytest.raises(ClusterGone, match="ended on purpose") as caught:
        case.submit()
    assert not caught.value.retryable
    assert live_clusters(case.api, case.request) == []


def test_a_cluster_whose_hdfs_holds_the_data_is_not_replaced(make: Callable[..., Case], faults: Faults) -> None:
    case = make("true")
    case.task = replace(case.task, clusters=replace(case.task.clusters, replaceable=False))
    case.end_by_policy(faults)
    with pytest.raises(ClusterGone, match="HDFS"):
        case.submit()

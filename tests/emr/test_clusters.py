"""A run has one cluster, whatever happens to the answers, and none in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from emr_pipelines.emr.clusters import (
    adopt_or_create,
    describe,
    live_clusters,
    terminate_clusters,
    use_existing,
    wait_until_ready,
    wait_until_terminated,
)
from emr_pipelines.emr.emr_api import EmrApi, RunError
from emr_pipelines.emr.polling import PollInterval
from tests.emr.conftest import cluster_request

FAST = PollInterval(minimum=0.05, maximum=0.2)


class LosingAnswers:
    """A write client whose RunJobFlow takes effect but whose answer is lost on the way."""

    def __init__(self, real: Any, error: Exception) -> None:
        self._real, self._error = real, error

    def run_job_flow(self, **request: Any) -> None:
        self._real.run_job_flow(**request)
        raise self._error


LOST = [
    ConnectionClosedError(endpoint_url="http://emr"),
    ClientError({"Error": {"Code": "InternalFailure"}, "ResponseMetadata": {"HTTPStatusCode": 500}}, "RunJobFlow"),
]


def test_a_second_attempt_adopts_the_cluster_of_the_first(api: EmrApi, create: Callable[..., str]) -> None:
    first = create(key="a11111111111")
    second = adopt_or_create(api, cluster_request("a11111111111"))
    assert second == first


@pytest.mark.parametrize("error", LOST, ids=["connection closed", "http 500"])
def test_a_lost_answer_makes_no_second_cluster(api: EmrApi, error: Exception) -> None:
    request = cluster_request()
    cluster = adopt_or_create(EmrApi(read=api.read, write=LosingAnswers(api.write, error)), request)
    assert live_clusters(api, request) == [cluster]
    terminate_clusters(api, [cluster])


def test_a_cluster_of_the_same_name_but_another_key_is_not_adopted(api: EmrApi, create: Callable[..., str]) -> None:
    stranger = create(key="b11111111111", Tags=[{"Key": "emr-pipelines:key", "Value": "somebody-else"}])
    ours = create(key="b11111111111")
    assert ours != stranger


def test_of_two_clusters_with_our_key_the_oldest_is_kept(api: EmrApi) -> None:
    request = cluster_request()
    oldest = api.write.run_job_flow(**request)["JobFlowId"]
    newer = api.write.run_job_flow(**request)["JobFlowId"]
    assert adopt_or_create(api, request) == oldest
    wait_until_terminated(api, [newer], FAST, timeout_seconds=120)
    assert live_clusters(api, request) == [oldest]
    terminate_clusters(api, [oldest])


def test_a_refused_request_fails_for_good_with_the_words_of_emr(api: EmrApi) -> None:
    request = cluster_request(ReleaseLabel="emr-7.99.0")
    with pytest.raises(RunError, match=r"ValidationException: .*emr-7\.99\.0") as caught:
        adopt_or_create(api, request)
    assert not caught.value.retryable
    assert live_clusters(api, request) == []


def test_termination_takes_protection_off_and_may_be_repeated(api: EmrApi, create: Callable[..., str]) -> None:
    cluster = create()
    wait_until_ready(api, cluster, FAST)
    api.write.set_termination_protection(JobFlowIds=[cluster], TerminationProtected=True)
    terminate_clusters(api, [cluster])
    wait_until_terminated(api, [cluster], FAST, timeout_seconds=120)
    terminate_clusters(api, [cluster])
    assert describe(api, cluster)["Status"]["State"] == "TERMINATED"


def test_a_cluster_that_ends_before_it_is_ready_is_an_error_with_its_reason(
    api: EmrApi, create: Callable[..., str]
) -> None:
    cluster = create()
    terminate_clusters(api, [cluster])
    with pytest.raises(RunError, match=r"did not start: .*USER_REQUEST"):
        wait_until_ready(api, cluster, FAST)


def test_a_long_running_cluster_is_found_by_its_name(api: EmrApi, create: Callable[..., str]) -> None:
    cluster = create(Name="shared cluster")
    assert use_existing(api, cluster_id=None, name="shared cluster") == cluster
    with pytest.raises(RunError, match="0 live clusters are named 'shared clutser'"):
        use_existing(api, cluster_id=None, name="shared clutser")


def test_a_long_running_cluster_that_has_ended_is_refused(api: EmrApi, create: Callable[..., str]) -> None:
    cluster = create()
    terminate_clusters(api, [cluster])
    wait_until_terminated(api, [cluster], FAST, timeout_seconds=120)
    with pytest.raises(RunError, match=f"{cluster} is TERMINATED"):
        use_existing(api, cluster_id=cluster, name=None)

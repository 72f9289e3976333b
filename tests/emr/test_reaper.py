"""The reaper ends what outlived its time, and nothing that is younger or somebody else's."""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.clusters import describe, terminate_clusters
from emr_pipelines.emr.emr_api import EmrApi, RunError
from emr_pipelines.emr.reaper import find_expired, live_runs, reap
from tests.airflow_names import DagBag
from tests.emr.conftest import cluster_request

NOW = dt.datetime.now(dt.UTC)
PAST, FUTURE = NOW - dt.timedelta(hours=1), NOW + dt.timedelta(hours=1)


@pytest.fixture
def make(api: EmrApi) -> Iterator[Callable[..., str]]:
    """Makes clusters, each with a key of its own, and ends them."""
    made = []

    def make(expires_at: str, *, key: str | None = None, tag: str | None = None, **overrides: Any) -> str:
        key = key or uuid.uuid4().hex[:12]
        tags = {
            "emr-pipelines:key": tag if tag is not None else f"{key}/main",
            "emr-pipelines:expires_at": expires_at,
            "emr-pipelines:dag_id": "test",
            "emr-pipelines:run_id": f"run-{key}",
        }
        request = cluster_request(key, Tags=[{"Key": name, "Value": value} for name, value in tags.items()])
        made.append(api.write.run_job_flow(**{**request, **overrides})["JobFlowId"])
        return made[-1]

    yield make
    terminate_clusters(api, made)


def is_live(api: EmrApi, cluster_id: str) -> bool:
    return not describe(api, cluster_id)["Status"]["State"].startswith("TERMINAT")


def test_only_the_expired_cluster_is_terminated(api: EmrApi, make: Callable[..., str]) -> None:
    expired = make(PAST.isoformat())
    others = [
        make(FUTURE.isoformat()),
        make(PAST.isoformat(), Name="somebody-elses"),
        make(PAST.isoformat(), tag="another/main"),
        make(PAST.isoformat(), tag=""),
        make("next week"),
        make("2020-01-01T00:00:00"),
    ]
    assert [cluster.cluster_id for cluster in reap(api, NOW)] == [expired]
    assert not is_live(api, expired)
    assert all(is_live(api, cluster) for cluster in others)
    assert reap(api, NOW) == []


def test_a_time_that_cannot_be_read_is_told(
    api: EmrApi, make: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    cluster = make("next week")
    with caplog.at_level(logging.WARNING):
        assert find_expired(api, now=NOW) == []
    assert f"Cluster {cluster} " in caplog.text
    assert "'next week', which is no time with a zone" in caplog.text


def test_a_protected_cluster_is_terminated_too(api: EmrApi, make: Callable[..., str]) -> None:
    expired = make(PAST.isoformat())
    api.read.set_termination_protection(JobFlowIds=[expired], TerminationProtected=True)
    reap(api, NOW)
    assert not is_live(api, expired)


def test_one_that_is_refused_does_not_keep_the_others(api: EmrApi, make: Callable[..., str]) -> None:
    refused, expired = make(PAST.isoformat()), make(PAST.isoformat())

    class Refusing:
        """EMR denies the termination of one cluster."""

        def __getattr__(self, name: str) -> Any:
            return getattr(api.read, name)

        def terminate_job_flows(self, JobFlowIds: list[str]) -> Any:
            ids = ["j-NOSUCHCLUSTER"] if JobFlowIds == [refused] else JobFlowIds
            return api.read.terminate_job_flows(JobFlowIds=ids)

    with pytest.raises(RunError, match=f"Not terminated: {refused}"):
        reap(EmrApi(read=Refusing(), write=api.write), NOW)
    assert is_live(api, refused)
    assert not is_live(api, expired)


def test_only_clusters_with_our_name_are_described(api: EmrApi, make: Callable[..., str]) -> None:
    foreign = make(PAST.isoformat(), Name="somebody-elses")
    described = []

    class Recording:
        def __getattr__(self, name: str) -> Any:
            return getattr(api.read, name)

        def describe_cluster(self, ClusterId: str) -> Any:
            described.append(ClusterId)
            return api.read.describe_cluster(ClusterId=ClusterId)

    ours = make(FUTURE.isoformat())
    find_expired(EmrApi(read=Recording(), write=api.write), now=NOW)
    assert ours in described
    assert foreign not in described


def test_live_runs_are_those_with_a_live_cluster(api: EmrApi, make: Callable[..., str]) -> None:
    make(FUTURE.isoformat(), key="111111111111")
    make(FUTURE.isoformat(), key="222222222222", Name="somebody-elses")
    runs = live_runs(api)
    assert ("test", "run-111111111111") in runs
    assert ("test", "run-222222222222") not in runs


def test_the_dag_reaps_in_its_environment(
    api: EmrApi, make: Callable[..., str], project: Path, emr_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {"conn_type": "aws", "login": "local", "password": "local", "extra": {"endpoint_url": emr_url}}
    monkeypatch.setenv("AIRFLOW_CONN_EMR_LOCAL", json.dumps(connection))
    monkeypatch.setenv("EMR_PIPELINES_ENV", "local")
    expired, live = make(PAST.isoformat()), make(FUTURE.isoformat())
    foreign = make(PAST.isoformat(), Name="somebody-elses")

    bag = DagBag(str(project / "dags" / "emr_reaper.py"))
    assert bag.import_errors == {}
    dag = bag.dags["emr_reaper"]
    assert (dag.catchup, dag.max_active_runs, dag.schedule) == (False, 1, "@hourly")
    assert dag.get_task("reap_clusters").execute({}) == [expired]
    assert [is_live(api, cluster) for cluster in (expired, live, foreign)] == [False, True, True]

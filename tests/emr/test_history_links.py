"""Links to the histories that EMR keeps; emr_local keeps none, so a fake with EMR's behaviour stands in for its four operations."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emr_pipelines.emr.connect import history
from emr_pipelines.emr.connect.history import HistoryLink, history_links
from emr_pipelines.emr.connect.primary_node import PrimaryNode
from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.emr.polling import PollInterval

ARN = "arn:aws:elasticmapreduce:us-east-1:123456789012:cluster/j-1"


@dataclass
class FakeHistories:
    """EMR's pages: made on request, and ready at the third look."""

    looks: dict[str, itertools.count[int]] = field(default_factory=dict)
    refused: bool = False

    def create_persistent_app_ui(self, *, TargetResourceArn: str) -> dict[str, Any]:
        if self.refused:
            error = {"Code": "InvalidRequestException", "Message": "The cluster is older than 30 days."}
            raise ClientError({"Error": error}, "CreatePersistentAppUI")
        return {"PersistentAppUIId": f"p-{TargetResourceArn[-3:]}"}

    def get_persistent_app_ui_presigned_url(
        self, *, PersistentAppUIId: str, PersistentAppUIType: str
    ) -> dict[str, Any]:
        look = next(self.looks.setdefault(PersistentAppUIType, itertools.count(1)))
        if look < 3:
            return {"PresignedURLReady": False}
        return {"PresignedURLReady": True, "PresignedURL": f"https://{PersistentAppUIId}/{PersistentAppUIType}"}


def node(release: str) -> PrimaryNode:
    return PrimaryNode(
        cluster_id="j-1",
        cluster_arn=ARN,
        name="emr-pipelines/x/1/main",
        state="TERMINATED",
        release=release,
        applications=("Spark",),
        dns_name=None,
        instance_id=None,
        key_pair=None,
        security_groups=(),
    )


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_INTERVAL", PollInterval(minimum=0.01, maximum=0.01))


def test_a_link_is_given_when_emr_has_made_the_page() -> None:
    fake: Any = FakeHistories()
    assert history_links(EmrApi(read=fake, write=fake), node("emr-7.13.0")) == [
        HistoryLink(name="Spark history server", url="https://p-j-1/SHS"),
        HistoryLink(name="YARN timeline", url="https://p-j-1/YTS"),
        HistoryLink(name="Tez", url="https://p-j-1/TEZ"),
    ]


def test_an_old_release_is_told_what_it_lacks() -> None:
    fake: Any = FakeHistories()
    spark, yarn, _ = history_links(EmrApi(read=fake, write=fake), node("emr-5.28.0"))
    assert spark.url == "https://p-j-1/SHS"
    assert yarn.problem == "emr-5.28.0 keeps no YARN timeline; emr-5.30.0 is the first that does"


def test_what_emr_refuses_is_told_for_each_history() -> None:
    fake: Any = FakeHistories(refused=True)
    links = history_links(EmrApi(read=fake, write=fake), node("emr-7.13.0"))
    assert [link.url for link in links] == [None, None, None]
    assert {link.problem for link in links} == {"InvalidRequestException: The cluster is older than 30 days"}


def test_a_page_that_is_not_made_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_READY_SECONDS", 0.005)
    fake: Any = FakeHistories()
    link = history_links(EmrApi(read=fake, write=fake), node("emr-7.13.0"))[0]
    assert link.problem is not None
    assert "ask again" in link.problem

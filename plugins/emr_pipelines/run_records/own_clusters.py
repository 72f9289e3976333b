"""The clusters that runs have made, found by their names: `emr-pipelines/<pipeline>/<run key>/…`. ListClusters only; EMR forgets clusters after two months."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emr_pipelines.emr.emr_api import LIVE_CLUSTER_STATES, TERMINAL_CLUSTER_STATES, EmrApi

_NAME = re.compile(r"emr-pipelines/(?P<pipeline>[^/]+)/(?P<key>[0-9a-f]{12})/[^/]+")
# A run's record is written before its cluster is made, by another clock than EMR's.
_CLOCKS_DIFFER = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCluster:
    """A cluster whose Name has our form, as ListClusters tells of it; `key` is that of its run, or of the cluster that waits for runs of single steps."""

    cluster_id: str
    pipeline: str
    key: str
    state: str
    created: dt.datetime

    @property
    def is_live(self) -> bool:
        """Whether it takes steps, or will."""
        return self.state in LIVE_CLUSTER_STATES

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in TERMINAL_CLUSTER_STATES


def named_clusters(api: EmrApi, *, since: dt.datetime | None = None) -> list[NamedCluster]:
    """All of them, newest first; with `since` those made after that time, or a little before."""
    after: dict[str, Any] = {} if since is None else {"CreatedAfter": since - _CLOCKS_DIFFER}
    pages = api.read.get_paginator("list_clusters").paginate(**after)
    found = (
        NamedCluster(
            cluster_id=cluster["Id"],
            pipeline=name["pipeline"],
            key=name["key"],
            state=cluster["Status"]["State"],
            created=cluster["Status"]["Timeline"]["CreationDateTime"],
        )
        for page in pages
        for cluster in page["Clusters"]
        if (name := _NAME.fullmatch(cluster["Name"])) is not None
    )
    return sorted(found, key=lambda one: one.created, reverse=True)


def parse_cluster_name(name: str) -> tuple[str, str] | None:
    """The pipeline and the run key in a cluster's Name; None for a cluster that this package did not make."""
    found = _NAME.fullmatch(name)
    return None if found is None else (found["pipeline"], found["key"])


def of_pipeline(clusters: Iterable[NamedCluster], pipeline: str) -> list[NamedCluster]:
    """Those of one pipeline."""
    return [one for one in clusters if one.pipeline == pipeline]

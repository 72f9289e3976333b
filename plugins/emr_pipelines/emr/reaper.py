"""Clusters of this package that outlived their time: found by name and tags, and terminated. Clients and the time are passed in; a cluster of somebody else is never touched."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from emr_pipelines.emr.clusters import KEY_TAG, describe, terminate_clusters
from emr_pipelines.emr.emr_api import LIVE_CLUSTER_STATES, EmrApi

log = logging.getLogger(__name__)

_NAME_START = "emr-pipelines/"
_EXPIRES_TAG = "emr-pipelines:expires_at"
PIPELINE_TAG = "emr-pipelines:dag_id"
RUN_TAG = "emr-pipelines:run_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCluster:
    """A live cluster that this package made."""

    cluster_id: str
    name: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredCluster:
    """A live cluster past the time that its run was given."""

    cluster_id: str
    name: str
    expires_at: dt.datetime


def find_expired(api: EmrApi, *, now: dt.datetime) -> list[ExpiredCluster]:
    """The live clusters of ours whose expires_at tag lies before `now`. One whose tag cannot be read is logged as a warning and left alone."""
    expired = []
    for cluster in own_clusters(api):
        expires_at = _expiry(cluster)
        if expires_at is not None and expires_at < now:
            expired.append(ExpiredCluster(cluster_id=cluster.cluster_id, name=cluster.name, expires_at=expires_at))
    return expired


def reap(api: EmrApi, now: dt.datetime) -> list[ExpiredCluster]:
    """Terminate the expired clusters and return them. Raises RunError, after all others were terminated, naming those that were refused."""
    expired = find_expired(api, now=now)
    for cluster in expired:
        log.warning("Cluster %s (%s) expired at %s", cluster.cluster_id, cluster.name, cluster.expires_at.isoformat())
    terminate_clusters(api, [cluster.cluster_id for cluster in expired])
    return expired


def live_runs(api: EmrApi) -> frozenset[tuple[str, str]]:
    """Pipeline and run folder of every run that has a live cluster."""
    return frozenset(
        (cluster.tags.get(PIPELINE_TAG, ""), cluster.tags.get(RUN_TAG, "")) for cluster in own_clusters(api)
    )


def own_clusters(api: EmrApi) -> list[OwnCluster]:
    """The live clusters whose Name has our form and whose key tag confirms it; ListClusters gives no tags, so only those are described."""
    pages = api.read.get_paginator("list_clusters").paginate(ClusterStates=LIVE_CLUSTER_STATES)
    named = [cluster for page in pages for cluster in page["Clusters"] if cluster["Name"].startswith(_NAME_START)]
    described = [OwnCluster(cluster_id=one["Id"], name=one["Name"], tags=_tags_of(api, one["Id"])) for one in named]
    return [cluster for cluster in described if _is_ours(cluster)]


def _tags_of(api: EmrApi, cluster_id: str) -> dict[str, str]:
    return {tag.get("Key", ""): tag.get("Value", "") for tag in describe(api, cluster_id).get("Tags", [])}


def _is_ours(cluster: OwnCluster) -> bool:
    key = cluster.tags.get(KEY_TAG)
    return bool(key) and cluster.name.endswith(f"/{key}")


def _expiry(cluster: OwnCluster) -> dt.datetime | None:
    text = cluster.tags.get(_EXPIRES_TAG, "")
    try:
        expires_at = dt.datetime.fromisoformat(text)
    except ValueError:
        expires_at = None
    if expires_at is None or expires_at.tzinfo is None:
        log.warning(
            "Cluster %s (%s) has %s = %r, which is no time with a zone; it is left alone: look whether it is still needed",
            cluster.cluster_id,
            cluster.name,
            _EXPIRES_TAG,
            text,
        )
        return None
    return expires_at

"""A run's clusters as people want to know them: state, nodes, hours, why one ended. Clients are passed in; reads only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from emr_pipelines.emr.clusters import describe, reason_of
from emr_pipelines.emr.emr_api import (
    LIVE_CLUSTER_STATES,
    TERMINAL_CLUSTER_STATES,
    EmrApi,
    is_about_credentials,
    is_unknown_id,
)

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import ClusterTypeDef

# An instance that is on its way counts, one that is gone does not.
_GONE = "TERMINATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterReport:
    """A cluster as EMR describes it. `reason` is EMR's word for its state; `hours` what it has lived, `instance_hours` what EMR counts for the bill (normalized).

    `nodes` are those that it has now, `nodes_in_all` those that it ever had; both None where EMR does not tell. `is_own`: the run made it, and ends it.
    """

    cluster_id: str
    name: str
    state: str
    reason: str
    created: dt.datetime | None
    ready: dt.datetime | None
    ended: dt.datetime | None
    hours: float | None
    instance_hours: int
    nodes: int | None
    nodes_in_all: int | None
    log_uri: str | None
    is_own: bool = True

    @property
    def is_live(self) -> bool:
        """Whether it takes steps, or will."""
        return self.state in LIVE_CLUSTER_STATES

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in TERMINAL_CLUSTER_STATES


def report_cluster(api: EmrApi, cluster_id: str, *, now: dt.datetime, is_own: bool = True) -> ClusterReport | None:
    """The cluster; None when EMR does not know it any more. Costs a DescribeCluster and a ListInstances."""
    try:
        cluster = describe(api, cluster_id)
    except ClientError as error:
        if not is_unknown_id(error):
            raise
        return None
    times = cluster["Status"].get("Timeline", {})
    created, ended = times.get("CreationDateTime"), times.get("EndDateTime")
    running, in_all = _count_nodes(api, cluster)
    return ClusterReport(
        cluster_id=cluster_id,
        name=cluster["Name"],
        state=cluster["Status"]["State"],
        reason=reason_of(cluster),
        created=created,
        ready=times.get("ReadyDateTime"),
        ended=ended,
        hours=None if created is None else round(((ended or now) - created).total_seconds() / 3600, 2),
        instance_hours=cluster.get("NormalizedInstanceHours", 0),
        nodes=running,
        nodes_in_all=in_all,
        log_uri=cluster.get("LogUri"),
        is_own=is_own,
    )


def _count_nodes(api: EmrApi, cluster: ClusterTypeDef) -> tuple[int | None, int | None]:
    try:
        pages = api.read.get_paginator("list_instances").paginate(ClusterId=cluster["Id"])
        states = [one.get("Status", {}).get("State") for page in pages for one in page["Instances"]]
    except ClientError as error:
        # A role that may only describe clusters sees all the rest.
        if not is_about_credentials(error):
            raise
        return None, None
    return sum(state != _GONE for state in states), len(states)

"""Which clusters of an endpoint work at this moment, whoever made them. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emr_pipelines.emr.clusters import describe
from emr_pipelines.emr.emr_api import LIVE_CLUSTER_STATES, EmrApi
from emr_pipelines.emr.reaper import PIPELINE_TAG

if TYPE_CHECKING:
    from types_boto3_emr.literals import StepStateType

_WAITING = "WAITING"
_LIVE_STEP_STATES: Sequence[StepStateType] = ("PENDING", "CANCEL_PENDING", "RUNNING")


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyCluster:
    """A cluster that starts, or that has a step to run; `pipeline` is None for one that this package did not make."""

    cluster_id: str
    name: str
    state: str
    pipeline: str | None

    def describe(self) -> str:
        """Whose it is, in words."""
        if self.pipeline is None:
            return f"the cluster {self.cluster_id} ({self.name}), {self.state}"
        return f"the pipeline {self.pipeline} on cluster {self.cluster_id}, {self.state}"


def find_busy_clusters(api: EmrApi) -> list[BusyCluster]:
    """All of them; a cluster that waits for steps and has none is not busy."""
    return list(_find(api))


def _find(api: EmrApi) -> Iterator[BusyCluster]:
    for page in api.read.get_paginator("list_clusters").paginate(ClusterStates=LIVE_CLUSTER_STATES):
        for cluster in page["Clusters"]:
            cluster_id, state = cluster["Id"], str(cluster["Status"]["State"])
            if state == _WAITING and not _has_live_step(api, cluster_id):
                continue
            tags = {tag.get("Key"): tag.get("Value") for tag in describe(api, cluster_id).get("Tags", [])}
            yield BusyCluster(cluster_id=cluster_id, name=cluster["Name"], state=state, pipeline=tags.get(PIPELINE_TAG))


def _has_live_step(api: EmrApi, cluster_id: str) -> bool:
    return bool(api.read.list_steps(ClusterId=cluster_id, StepStates=_LIVE_STEP_STATES)["Steps"])

"""The cluster of a run from its launch, which hands on one that is ready or leaves none, to its end. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from emr_pipelines.emr.clusters import (
    adopt_or_create,
    live_clusters,
    terminate_clusters,
    wait_until_ready,
    wait_until_terminated,
)
from emr_pipelines.emr.emr_api import ClusterFailed, EmrApi
from emr_pipelines.emr.launch_preparation import LaunchPreparation
from emr_pipelines.emr.polling import PollInterval, poll_until

log = logging.getLogger(__name__)

# How long a cluster is looked for whose launch was cut off before anybody knew whether it had made one.
LATE_CLUSTER_SECONDS = 30.0
TERMINATION_TIMEOUT_SECONDS = 20 * 60.0


def launch_cluster(
    api: EmrApi,
    request: Mapping[str, Any],
    preparation: LaunchPreparation | None,
    *,
    start_timeout_seconds: float | None,
    tell: Callable[[str], None],
) -> str:
    """The id of the run's live cluster, which takes steps; `tell` gets it before it does. What fails after the cluster was there terminates it.

    Raises as `adopt_or_create` and `wait_until_ready` do.
    """
    cluster_id = adopt_or_create(api, request, preparation)
    try:
        tell(cluster_id)
        wait_until_ready(api, cluster_id, PollInterval(), timeout_seconds=start_timeout_seconds)
    except ClusterFailed:
        terminate_clusters(api, [cluster_id])
        raise
    except BaseException:
        log.warning("Terminating cluster %s, since nobody can hand it on", cluster_id)
        terminate_clusters(api, [cluster_id])
        raise
    return cluster_id


def find_launched(api: EmrApi, request: Mapping[str, Any], *, settled: bool) -> list[str]:
    """The run's live clusters. A launch that is not `settled`, since it was killed, may have sent a RunJobFlow that EMR is still working on: it is waited for."""
    return poll_until(
        lambda: live_clusters(api, request),
        bool,
        PollInterval(minimum=2.0, maximum=5.0),
        timeout_seconds=0.0 if settled else LATE_CLUSTER_SECONDS,
    )


def end_clusters(api: EmrApi, cluster_ids: list[str]) -> None:
    """Terminate the clusters and block until they are gone. Raises as `terminate_clusters` and `wait_until_terminated` do."""
    terminate_clusters(api, cluster_ids)
    wait_until_terminated(api, cluster_ids, PollInterval(), timeout_seconds=TERMINATION_TIMEOUT_SECONDS)

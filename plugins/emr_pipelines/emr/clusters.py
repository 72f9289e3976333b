"""The life of a run's cluster: adopt or create it, wait until it takes steps, terminate it by its key. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emr_pipelines.emr.emr_api import LIVE_CLUSTER_STATES, TERMINAL_CLUSTER_STATES, ClusterFailed, EmrApi, RunError
from emr_pipelines.emr.polling import PollInterval, poll_until
from emr_pipelines.emr.writes import create_once

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import ClusterTypeDef

log = logging.getLogger(__name__)

KEY_TAG = "emr-pipelines:key"
READY_STATES = ("RUNNING", "WAITING")
# Codes of ClusterStateChangeReason that another launch can cure; the others repeat themselves.
_RETRYABLE_REASONS = frozenset({"INTERNAL_ERROR", "INSTANCE_FAILURE", "INSTANCE_FLEET_TIMEOUT"})


def adopt_or_create(api: EmrApi, request: Mapping[str, Any]) -> str:
    """The id of the live cluster that carries the request's Name and key tag, else of a new one made with the request.

    Raises RunError when EMR refuses the request (final) or its answer stays unknown (retryable).
    """
    existing = live_clusters(api, request)
    if existing:
        oldest, *newer = existing
        for surplus in newer:
            log.warning("Cluster %s has the key of %s; only the oldest is kept", surplus, oldest)
        terminate_clusters(api, newer)
        log.info("Adopted cluster %s (%s)", oldest, request["Name"])
        return oldest
    cluster_id = create_once(
        f"RunJobFlow for {request['Name']}",
        send=lambda: api.write.run_job_flow(**request)["JobFlowId"],
        find=lambda: next(iter(live_clusters(api, request)), None),
    )
    log.info("Created cluster %s (%s)", cluster_id, request["Name"])
    return cluster_id


def live_clusters(api: EmrApi, request: Mapping[str, Any]) -> list[str]:
    """Ids of the live clusters with the request's Name and key tag, oldest first."""
    key = next(tag["Value"] for tag in request["Tags"] if tag["Key"] == KEY_TAG)
    return find_clusters(api, name=request["Name"], key=key)


def find_clusters(api: EmrApi, *, name: str, key: str | None = None) -> list[str]:
    """Ids of the live clusters named `name`, oldest first; with `key`, only those whose key tag confirms it (ListClusters gives no tags)."""
    pages = api.read.get_paginator("list_clusters").paginate(ClusterStates=LIVE_CLUSTER_STATES)
    matches = [cluster for page in pages for cluster in page["Clusters"] if cluster["Name"] == name]
    matches.sort(key=lambda cluster: cluster["Status"]["Timeline"].get("CreationDateTime", dt.datetime.max))
    return [cluster["Id"] for cluster in matches if key is None or _has_key(api, cluster["Id"], key)]


def _has_key(api: EmrApi, cluster_id: str, key: str) -> bool:
    tags = describe(api, cluster_id).get("Tags", [])
    return any(tag.get("Key") == KEY_TAG and tag.get("Value") == key for tag in tags)


def describe(api: EmrApi, cluster_id: str) -> ClusterTypeDef:
    """DescribeCluster's Cluster."""
    return api.read.describe_cluster(ClusterId=cluster_id)["Cluster"]


def wait_until_ready(api: EmrApi, cluster_id: str, interval: PollInterval) -> None:
    """Block until the cluster takes steps.

    Raises ClusterFailed with EMR's own reason when it ends instead; retryable for capacity and instance failures.
    """
    cluster = poll_until(
        lambda: describe(api, cluster_id),
        lambda seen: seen["Status"]["State"] in (*READY_STATES, "TERMINATING", *TERMINAL_CLUSTER_STATES),
        interval,
    )
    if cluster["Status"]["State"] not in READY_STATES:
        raise ClusterFailed(
            f"Cluster {cluster_id} did not start: {reason_of(cluster)}",
            retryable=_reason_code(cluster) in _RETRYABLE_REASONS,
        )
    log.info("Cluster %s is %s", cluster_id, cluster["Status"]["State"])


def use_existing(api: EmrApi, *, cluster_id: str | None, name: str | None) -> str:
    """The id of a long-running cluster that is given by id or by name and is live.

    Raises RunError (final) when it is not live, or when the name fits none or several.
    """
    if cluster_id is not None:
        state = describe(api, cluster_id)["Status"]["State"]
        if state not in LIVE_CLUSTER_STATES:
            raise RunError(
                f"Cluster {cluster_id} is {state}; name a live cluster under `cluster: id:`", retryable=False
            )
        return cluster_id
    matches = find_clusters(api, name=name or "")
    if len(matches) != 1:
        raise RunError(
            f"{len(matches)} live clusters are named {name!r} ({', '.join(matches) or 'none'}); exactly one is needed under `cluster: name:`",
            retryable=False,
        )
    return matches[0]


def terminate_clusters(api: EmrApi, cluster_ids: list[str]) -> None:
    """Take termination protection off and terminate; terminating twice is no error. TerminateJobFlows is idempotent, so the retrying client sends it."""
    for cluster_id in cluster_ids:
        if describe(api, cluster_id).get("TerminationProtected"):
            api.read.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=False)
        api.read.terminate_job_flows(JobFlowIds=[cluster_id])
        log.info("Terminating cluster %s", cluster_id)


def wait_until_terminated(
    api: EmrApi, cluster_ids: list[str], interval: PollInterval, *, timeout_seconds: float
) -> None:
    """Block until no given cluster is live or terminating. Raises RunError (retryable) when one takes longer than `timeout_seconds`."""
    for cluster_id in cluster_ids:
        _wait_for_end(api, cluster_id, interval, timeout_seconds)


def _wait_for_end(api: EmrApi, cluster_id: str, interval: PollInterval, timeout_seconds: float) -> None:
    cluster = poll_until(
        lambda: describe(api, cluster_id),
        lambda seen: seen["Status"]["State"] in TERMINAL_CLUSTER_STATES,
        interval,
        timeout_seconds=timeout_seconds,
    )
    state = cluster["Status"]["State"]
    if state not in TERMINAL_CLUSTER_STATES:
        raise RunError(f"Cluster {cluster_id} is still {state} after {timeout_seconds:.0f} s", retryable=True)
    log.info("Cluster %s is %s", cluster_id, reason_of(cluster))


def reason_of(cluster: ClusterTypeDef) -> str:
    """State, code and message of a cluster's last change, as one line."""
    reason = cluster["Status"].get("StateChangeReason", {})
    return " ".join(
        part for part in (cluster["Status"]["State"], reason.get("Code", ""), reason.get("Message", "")) if part
    )


def _reason_code(cluster: ClusterTypeDef) -> str:
    return cluster["Status"].get("StateChangeReason", {}).get("Code", "")

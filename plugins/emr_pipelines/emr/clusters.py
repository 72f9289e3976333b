"""The life of a run's cluster: adopt or create it, wait until it takes steps, terminate it by its key. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.emr.create_once import create_once
from emr_pipelines.emr.emr_api import (
    LIVE_CLUSTER_STATES,
    TERMINAL_CLUSTER_STATES,
    ClusterFailed,
    EmrApi,
    RunError,
    describe_error,
    is_unknown_id,
    may_succeed_later,
)
from emr_pipelines.emr.launch_preparation import LaunchPreparation
from emr_pipelines.emr.polling import PollInterval, RetryingReader, poll_until

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import ClusterTypeDef

log = logging.getLogger(__name__)

KEY_TAG = "emr-pipelines:key"
DIGEST_TAG = "emr-pipelines:spec_digest"
READY_STATES = ("RUNNING", "WAITING")
BOOTSTRAP_FAILURE = "BOOTSTRAP_FAILURE"
# Codes of ClusterStateChangeReason that another launch can cure; the others repeat themselves.
RETRYABLE_REASONS = frozenset({"INTERNAL_ERROR", "INSTANCE_FAILURE", "INSTANCE_FLEET_TIMEOUT", BOOTSTRAP_FAILURE})


def adopt_or_create(api: EmrApi, request: Mapping[str, Any], preparation: LaunchPreparation | None = None) -> str:
    """The id of the live cluster that carries the request's Name and key tag, else of a new one made with the request, after its `preparation`.

    Raises RunError when EMR refuses the request (final), when its answer stays unknown (retryable), or when the live cluster was made from another spec (final).
    """
    existing = live_clusters(api, request)
    if existing:
        oldest = _keep_oldest(api, existing)
        _refuse_another_spec(api, oldest, request)
        log.info("Adopted cluster %s (%s)", oldest, request["Name"])
        return oldest
    body = request if preparation is None else preparation.prepare(api, request)
    cluster_id = create_once(
        f"RunJobFlow for {request['Name']}",
        send=lambda: api.write.run_job_flow(**body)["JobFlowId"],
        find=lambda: next(iter(live_clusters(api, request)), None),
    )
    log.info("Created cluster %s (%s)", cluster_id, request["Name"])
    try:
        # Two tasks may replace a lost cluster at the same time: they agree on the oldest.
        return _keep_oldest(api, live_clusters(api, request) or [cluster_id])
    except (ClientError, BotoCoreError):
        log.warning("Terminating cluster %s, since it cannot be looked at", cluster_id)
        terminate_clusters(api, [cluster_id])
        raise


def _keep_oldest(api: EmrApi, clusters: list[str]) -> str:
    oldest, *newer = clusters
    for surplus in newer:
        log.warning("Cluster %s has the key of %s; only the oldest is kept", surplus, oldest)
    terminate_clusters(api, newer)
    return oldest


def _refuse_another_spec(api: EmrApi, cluster_id: str, request: Mapping[str, Any]) -> None:
    """A run goes on with the spec that it began with."""
    began, now = (_tag(tags, DIGEST_TAG) for tags in (describe(api, cluster_id).get("Tags", []), request["Tags"]))
    if began != now:
        raise RunError(
            f"Cluster {cluster_id} of this run was made from the spec {began}, but the spec is {now} now: it was edited while the run ran. "
            "Put the old spec back to finish the run, or clear the whole run, from publish_code on, after terminating the cluster",
            retryable=False,
        )


def live_clusters(api: EmrApi, request: Mapping[str, Any]) -> list[str]:
    """Ids of the live clusters with the request's Name and key tag, oldest first."""
    return find_clusters(api, name=request["Name"], key=_tag(request["Tags"], KEY_TAG))


def find_clusters(api: EmrApi, *, name: str, key: str | None = None) -> list[str]:
    """Ids of the live clusters named `name`, oldest first; with `key`, only those whose key tag confirms it (ListClusters gives no tags)."""
    pages = api.read.get_paginator("list_clusters").paginate(ClusterStates=LIVE_CLUSTER_STATES)
    matches = [cluster for page in pages for cluster in page["Clusters"] if cluster["Name"] == name]
    latest = dt.datetime.max.replace(tzinfo=dt.UTC)
    matches.sort(key=lambda cluster: cluster["Status"]["Timeline"].get("CreationDateTime", latest))
    return [cluster["Id"] for cluster in matches if key is None or _has_key(api, cluster["Id"], key)]


def _has_key(api: EmrApi, cluster_id: str, key: str) -> bool:
    return _tag(describe(api, cluster_id).get("Tags", []), KEY_TAG) == key


def _tag(tags: Iterable[Mapping[str, Any]], name: str) -> str | None:
    return next((tag.get("Value") for tag in tags if tag.get("Key") == name), None)


def describe_known(api: EmrApi, cluster_id: str) -> ClusterTypeDef:
    """The Cluster that a person named by its id. Raises RunError (final) for one that EMR does not know in this account and region."""
    try:
        return describe(api, cluster_id)
    except ClientError as error:
        if not is_unknown_id(error):
            raise
        region = api.read.meta.region_name
        raise RunError(
            f"There is no cluster {cluster_id} in {region}: EMR knows none with this id in the account. Check the id, the region and the environment",
            retryable=False,
        ) from None


def describe(api: EmrApi, cluster_id: str) -> ClusterTypeDef:
    """DescribeCluster's Cluster."""
    return api.read.describe_cluster(ClusterId=cluster_id)["Cluster"]


def wait_until_ready(
    api: EmrApi, cluster_id: str, interval: PollInterval, *, timeout_seconds: float | None = None
) -> None:
    """Block until the cluster takes steps.

    Raises ClusterFailed with EMR's own reason when it ends instead, and when it takes longer than `timeout_seconds`; retryable for capacity and instance failures.
    """
    reader = RetryingReader(api)
    cluster = poll_until(
        lambda: reader.read(lambda api: describe(api, cluster_id)),
        lambda seen: seen is not None and seen["Status"]["State"] not in ("STARTING", "BOOTSTRAPPING"),
        interval,
        timeout_seconds=timeout_seconds,
    )
    if cluster is None or cluster["Status"]["State"] in ("STARTING", "BOOTSTRAPPING"):
        raise ClusterFailed(
            f"Cluster {cluster_id} takes no steps after {timeout_seconds:.0f} s (start_timeout); EMR says: {reason_of(cluster) if cluster else 'nothing'}",
            retryable=True,
            cluster_id=cluster_id,
            code="START_TIMEOUT",
        )
    if cluster["Status"]["State"] not in READY_STATES:
        raise launch_failure(cluster)
    log.info("Cluster %s is %s", cluster_id, cluster["Status"]["State"])


def launch_failure(cluster: ClusterTypeDef) -> ClusterFailed:
    """The failure of a launch, with EMR's own reason."""
    code = reason_code(cluster)
    return ClusterFailed(
        f"Cluster {cluster['Id']} did not start: {reason_of(cluster)}",
        retryable=code in RETRYABLE_REASONS,
        cluster_id=cluster["Id"],
        code=code,
    )


def use_existing(api: EmrApi, *, cluster_id: str | None, name: str | None) -> str:
    """The id of a long-running cluster that is given by id or by name and is live.

    Raises RunError (final) when it is not live, or when the name fits none or several.
    """
    if cluster_id is not None:
        state = describe_known(api, cluster_id)["Status"]["State"]
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


def terminate_clusters(api: EmrApi, cluster_ids: Iterable[str]) -> None:
    """Take termination protection off and terminate; terminating twice is no error. TerminateJobFlows is idempotent, so the retrying client sends it.

    One cluster that cannot be terminated does not keep the others from it. Raises RunError naming those that were refused.
    """
    refused: list[tuple[str, Exception]] = []
    for cluster_id in cluster_ids:
        try:
            _take_protection_off(api, cluster_id)
            api.read.terminate_job_flows(JobFlowIds=[cluster_id])
            log.info("Terminating cluster %s", cluster_id)
        except (ClientError, BotoCoreError) as error:
            refused.append((cluster_id, error))
    if refused:
        words = "; ".join(f"{cluster_id}: {describe_error(error)}" for cluster_id, error in refused)
        raise RunError(
            f"Not terminated: {words}", retryable=any(may_succeed_later(error) for _, error in refused)
        ) from refused[0][1]


def _take_protection_off(api: EmrApi, cluster_id: str) -> None:
    try:
        if describe(api, cluster_id).get("TerminationProtected"):
            api.read.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=False)
    except ClientError as error:
        # Most clusters have none, so the termination is worth a try.
        log.warning("Whether cluster %s is protected is not known: %s", cluster_id, describe_error(error))


def wait_until_terminated(
    api: EmrApi, cluster_ids: list[str], interval: PollInterval, *, timeout_seconds: float
) -> None:
    """Block until no given cluster is live or terminating. Raises RunError (retryable) when one takes longer than `timeout_seconds`."""
    for cluster_id in cluster_ids:
        _wait_for_end(RetryingReader(api), cluster_id, interval, timeout_seconds)


def _wait_for_end(reader: RetryingReader, cluster_id: str, interval: PollInterval, timeout_seconds: float) -> None:
    cluster = poll_until(
        lambda: reader.read(lambda api: describe(api, cluster_id)),
        lambda seen: seen is not None and seen["Status"]["State"] in TERMINAL_CLUSTER_STATES,
        interval,
        timeout_seconds=timeout_seconds,
    )
    if cluster is None or cluster["Status"]["State"] not in TERMINAL_CLUSTER_STATES:
        raise RunError(f"Cluster {cluster_id} is not gone after {timeout_seconds:.0f} s", retryable=True)
    log.info("Cluster %s is %s", cluster_id, reason_of(cluster))


def reason_of(cluster: ClusterTypeDef) -> str:
    """State, code and message of a cluster's last change, as one line."""
    reason = cluster["Status"].get("StateChangeReason", {})
    parts = (cluster["Status"]["State"], reason.get("Code", ""), reason.get("Message", "").rstrip(" ."))
    return " ".join(part for part in parts if part)


def reason_code(cluster: ClusterTypeDef) -> str:
    """The code of a cluster's last change; empty if EMR gives none."""
    return cluster["Status"].get("StateChangeReason", {}).get("Code", "")

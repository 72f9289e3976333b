"""A cluster that went away under its run: why, and whether another one may take its place. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from emr_pipelines.emr.clusters import (
    adopt_or_create,
    converge,
    describe,
    reason_code,
    reason_of,
    wait_until_ready,
)
from emr_pipelines.emr.emr_api import LIVE_CLUSTER_STATES, ClusterGone, EmrApi
from emr_pipelines.emr.polling import PollInterval

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import ClusterTypeDef

log = logging.getLogger(__name__)

_USER_REQUEST = "USER_REQUEST"
# What EMR says of a cluster that its own auto-termination policy ended, which has no code of its own.
_WORDS_OF_IDLENESS = ("idle", "auto-terminat", "auto terminat")
_CODES_OF_INFRASTRUCTURE = frozenset({"INTERNAL_ERROR", "INSTANCE_FAILURE", "INSTANCE_FLEET_TIMEOUT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLoss:
    """Why a cluster is not live any more. `by_user`: somebody ended it; `infrastructure`: EMR or its instances failed."""

    reason: str
    by_user: bool
    infrastructure: bool


def find_loss(api: EmrApi, cluster_id: str) -> ClusterLoss | None:
    """Why the cluster takes no more steps; None while it does."""
    try:
        cluster = describe(api, cluster_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidRequestException":
            raise
        return ClusterLoss(reason="EMR does not know it any more", by_user=False, infrastructure=True)
    return None if cluster["Status"]["State"] in LIVE_CLUSTER_STATES else _loss_of(cluster)


def _loss_of(cluster: ClusterTypeDef) -> ClusterLoss:
    reason = reason_of(cluster)
    idle = any(words in reason.lower() for words in _WORDS_OF_IDLENESS)
    code = reason_code(cluster)
    return ClusterLoss(
        reason=reason, by_user=code == _USER_REQUEST and not idle, infrastructure=code in _CODES_OF_INFRASTRUCTURE
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSource:
    """Where a run's tasks get a cluster when theirs is lost.

    `request` renders the RunJobFlow body when it is needed; None for a long-running cluster, which is never replaced. `replaceable` is false when the
    steps pass data on the cluster's own HDFS.
    """

    request: Callable[[], Mapping[str, Any]] | None
    replaceable: bool
    start_timeout_seconds: float | None

    def replace(self, api: EmrApi, lost: str, loss: ClusterLoss) -> str:
        """The live cluster that takes the place of a lost one: the one that another task of the run has made already, else a new one.

        Raises ClusterGone (final) when somebody ended the cluster or nothing may take its place.
        """
        if loss.by_user or not self.replaceable or self.request is None:
            raise ClusterGone(f"Cluster {lost} is gone: {loss.reason}. {self._advice(loss)}", retryable=False)
        log.warning("Cluster %s is gone (%s); another one takes its place", lost, loss.reason)
        request = self.request()
        cluster_id = converge(api, request, adopt_or_create(api, request))
        wait_until_ready(api, cluster_id, PollInterval(), timeout_seconds=self.start_timeout_seconds)
        return cluster_id

    def _advice(self, loss: ClusterLoss) -> str:
        if self.request is None:
            return "It is a long-running cluster, which is not replaced; name a live one in the spec and clear the run"
        if loss.by_user:
            return "Somebody ended it, so nothing is started in its place; clear this step and those after it to go on with a new cluster"
        return "The steps keep data on its HDFS, which is gone with it; clear the run from its first step on"

"""A cluster that went away under its run: why, and whether another one may take its place. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from emr_pipelines.emr.clusters import (
    adopt_or_create,
    describe,
    reason_code,
    reason_of,
    wait_until_ready,
)
from emr_pipelines.emr.emr_api import LIVE_CLUSTER_STATES, ClusterGone, EmrApi, is_unknown_id
from emr_pipelines.emr.launch_preparation import LaunchPreparation
from emr_pipelines.emr.polling import PollInterval

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import ClusterTypeDef

log = logging.getLogger(__name__)

# What EMR says of a cluster that its own auto-termination policy ended, which has no code of its own.
_WORDS_OF_IDLENESS = ("idle", "auto-terminat", "auto terminat")
_CODES_OF_INFRASTRUCTURE = frozenset({"INTERNAL_ERROR", "INSTANCE_FAILURE", "INSTANCE_FLEET_TIMEOUT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLoss:
    """Why a cluster is not live any more: EMR or its `infrastructure` failed, it was `idle`, or (neither) somebody or a step's on_failure ended it on purpose."""

    reason: str
    infrastructure: bool = False
    idle: bool = False

    @property
    def on_purpose(self) -> bool:
        """Whether nothing may be started in its place."""
        return not (self.infrastructure or self.idle)


def find_loss(api: EmrApi, cluster_id: str) -> ClusterLoss | None:
    """Why the cluster takes no more steps; None while it does."""
    try:
        cluster = describe(api, cluster_id)
    except ClientError as error:
        if not is_unknown_id(error):
            raise
        return ClusterLoss(reason="EMR does not know it any more", infrastructure=True)
    return None if cluster["Status"]["State"] in LIVE_CLUSTER_STATES else _loss_of(cluster)


def _loss_of(cluster: ClusterTypeDef) -> ClusterLoss:
    reason = reason_of(cluster)
    return ClusterLoss(
        reason=reason,
        infrastructure=reason_code(cluster) in _CODES_OF_INFRASTRUCTURE,
        idle=any(words in reason.lower() for words in _WORDS_OF_IDLENESS),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSource:
    """Where a run's tasks get a cluster when theirs is lost.

    `request` renders the RunJobFlow body when it is needed; None for a long-running cluster, which is never replaced. `replaceable` is false when the
    steps pass data on the cluster's own HDFS. `preparation` is what a new cluster needs besides its body.
    """

    request: Callable[[], Mapping[str, Any]] | None
    replaceable: bool
    start_timeout_seconds: float | None
    preparation: LaunchPreparation | None = None

    def replace(self, api: EmrApi, lost: str, loss: ClusterLoss) -> str:
        """The live cluster that takes the place of a lost one: the one that another task of the run has made already, else a new one.

        Raises ClusterGone (final) when the cluster was ended on purpose or nothing may take its place.
        """
        if loss.on_purpose or not self.replaceable or self.request is None:
            raise ClusterGone(f"Cluster {lost} is gone: {loss.reason}. {self._advice(loss)}", retryable=False)
        log.warning("Cluster %s is gone (%s); another one takes its place", lost, loss.reason)
        request = self.request()
        cluster_id = adopt_or_create(api, request, self.preparation)
        wait_until_ready(api, cluster_id, PollInterval(), timeout_seconds=self.start_timeout_seconds)
        return cluster_id

    def _advice(self, loss: ClusterLoss) -> str:
        if self.request is None:
            return "It is a long-running cluster, which is not replaced; name a live one in the spec and clear the run"
        if loss.on_purpose:
            return "It was ended on purpose, so nothing is started in its place; clear this step and those after it to go on with a new cluster"
        return "The steps keep data on its HDFS, which is gone with it; clear the run from its first step on"

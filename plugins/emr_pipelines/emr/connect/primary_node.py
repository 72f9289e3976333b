"""Finds the cluster that somebody means and what is needed to reach its primary node. Only reads; clients are passed in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emr_pipelines.emr.clusters import describe_known
from emr_pipelines.emr.emr_api import LIVE_CLUSTER_STATES, EmrApi, RunError
from emr_pipelines.emr.reaper import OwnCluster, own_clusters

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import ClusterTypeDef, InstanceTypeDef

_CLUSTER_ID = re.compile(r"j-[A-Z0-9]+")
_PIPELINE_TAG = "emr-pipelines:dag_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryNode:
    """A cluster and its primary node, as EMR describes them; what EMR does not know yet, or no longer, is None.

    `security_groups` are those of the primary node, EMR's own first; `key_pair` is the name of the EC2 key pair that opens it for SSH.
    """

    cluster_id: str
    cluster_arn: str
    name: str
    state: str
    release: str
    applications: tuple[str, ...]
    dns_name: str | None
    instance_id: str | None
    key_pair: str | None
    security_groups: tuple[str, ...]


def find_cluster(api: EmrApi, wanted: str | None) -> str:
    """The id of the cluster that is meant: the id itself, the only live cluster of a pipeline, or the only live one of this package.

    Raises RunError, listing the candidates, when there is none or more than one.
    """
    if wanted is not None and _CLUSTER_ID.fullmatch(wanted):
        return wanted
    ours = own_clusters(api)
    found = [one for one in ours if wanted is None or one.tags.get(_PIPELINE_TAG) == wanted]
    if len(found) == 1:
        return found[0].cluster_id
    whose = "of this package" if wanted is None else f"of the pipeline {wanted!r}"
    if found:
        raise RunError(f"{len(found)} live clusters {whose}; give the id of one: {_listed(found)}", retryable=False)
    others = f"; live are: {_listed(ours)}" if ours else ""
    raise RunError(
        f"There is no live cluster {whose}{others}. The id of one that has ended (j-…) gives its history",
        retryable=False,
    )


def describe_primary(api: EmrApi, cluster_id: str) -> PrimaryNode:
    """The cluster and its primary node."""
    cluster = describe_known(api, cluster_id)
    state = str(cluster["Status"]["State"])
    primary = _primary_instance(api, cluster) if state in LIVE_CLUSTER_STATES else None
    network = cluster.get("Ec2InstanceAttributes", {})
    managed = network.get("EmrManagedMasterSecurityGroup")
    return PrimaryNode(
        cluster_id=cluster_id,
        cluster_arn=cluster.get("ClusterArn", ""),
        name=cluster["Name"],
        state=state,
        release=cluster.get("ReleaseLabel", ""),
        applications=tuple(str(one.get("Name")) for one in cluster.get("Applications", [])),
        # In a private subnet MasterPublicDnsName is the private name.
        dns_name=cluster.get("MasterPublicDnsName"),
        instance_id=None if primary is None else primary.get("Ec2InstanceId"),
        key_pair=network.get("Ec2KeyName"),
        security_groups=(*([managed] if managed else []), *network.get("AdditionalMasterSecurityGroups", [])),
    )


def _primary_instance(api: EmrApi, cluster: ClusterTypeDef) -> InstanceTypeDef | None:
    cluster_id = cluster["Id"]
    if cluster.get("InstanceCollectionType") == "INSTANCE_FLEET":
        pages = api.read.get_paginator("list_instances").paginate(ClusterId=cluster_id, InstanceFleetType="MASTER")
    else:
        pages = api.read.get_paginator("list_instances").paginate(ClusterId=cluster_id, InstanceGroupTypes=["MASTER"])
    instances = [instance for page in pages for instance in page["Instances"]]
    running = [one for one in instances if one.get("Status", {}).get("State") != "TERMINATED"]
    # A highly available cluster has three; the one whose name the cluster bears is the one to go to.
    named = [one for one in running if one.get("PublicDnsName") == cluster.get("MasterPublicDnsName")]
    return next(iter([*named, *running]), None)


def _listed(clusters: Sequence[OwnCluster]) -> str:
    return ", ".join(f"{one.cluster_id} ({one.name})" for one in clusters)

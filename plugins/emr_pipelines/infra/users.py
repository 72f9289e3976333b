"""The clusters that use a stack: those that it must not be deleted under. The EMR clients are passed in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emr_pipelines.emr.clusters import describe
from emr_pipelines.emr.emr_api import LIVE_CLUSTER_STATES, EmrApi
from emr_pipelines.infra.stack_template.bucket_resources import BUCKET
from emr_pipelines.infra.stack_template.cluster_resources import SECURITY_CONFIGURATION
from emr_pipelines.infra.stack_template.group_resources import CORE_GROUP, PRIMARY_GROUP, SERVICE_GROUP
from emr_pipelines.infra.stack_template.role_resources import INSTANCE_PROFILE, SERVICE_ROLE
from emr_pipelines.infra.stack_template.template import SUBNETS_OUTPUT

# A cluster that is ending still has its network interfaces.
_STATES = (*LIVE_CLUSTER_STATES, "TERMINATING")
_GROUP_KEYS = ("EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup", "ServiceAccessSecurityGroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterUse:
    """A cluster that has not ended, and what of the stack it uses."""

    cluster_id: str
    name: str
    state: str
    parts: tuple[str, ...]


def find_users(api: EmrApi, outputs: Mapping[str, str]) -> list[ClusterUse]:
    """Every cluster of the region, whoever made it, that uses a part of the stack with these outputs."""
    pages = api.read.get_paginator("list_clusters").paginate(ClusterStates=list(_STATES))
    found = [(one, describe(api, one["Id"])) for page in pages for one in page["Clusters"]]
    uses = [
        ClusterUse(
            cluster_id=one["Id"],
            name=one["Name"],
            state=one["Status"]["State"],
            parts=tuple(_parts(described, outputs)),
        )
        for one, described in found
    ]
    return [use for use in uses if use.parts]


def _parts(cluster: Mapping[str, Any], outputs: Mapping[str, str]) -> Iterator[str]:
    bucket = outputs.get(BUCKET)
    if bucket and _bucket_of(cluster.get("LogUri", "")) == bucket:
        yield f"the bucket {bucket}"
    attributes = cluster.get("Ec2InstanceAttributes", {})
    subnets = {attributes.get("Ec2SubnetId"), *attributes.get("RequestedEc2SubnetIds", [])}
    yield from _shared("subnet", subnets, outputs.get(SUBNETS_OUTPUT, "").split(","))
    groups = {attributes.get(key) for key in _GROUP_KEYS}
    yield from _shared(
        "security group", groups, [outputs.get(key) for key in (PRIMARY_GROUP, CORE_GROUP, SERVICE_GROUP)]
    )
    # EMR tells a role and a profile by name or by ARN, as they were given.
    for noun, given, output in (
        ("service role", cluster.get("ServiceRole"), SERVICE_ROLE),
        ("instance profile", attributes.get("IamInstanceProfile"), INSTANCE_PROFILE),
        ("security configuration", cluster.get("SecurityConfiguration"), SECURITY_CONFIGURATION),
    ):
        yield from _shared(noun, {(given or "").rsplit("/", 1)[-1]}, [outputs.get(output)])


def _shared(noun: str, used: Collection[str | None], own: Collection[str | None]) -> Iterator[str]:
    for name in sorted(one for one in used if one and one in own):
        yield f"the {noun} {name}"


def _bucket_of(uri: str) -> str:
    """EMR answers with s3n:// for a log address that was given as s3://."""
    return uri.partition("://")[2].split("/", 1)[0]

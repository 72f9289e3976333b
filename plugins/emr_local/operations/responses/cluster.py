"""Clusters as the API shows them. Pure."""

from __future__ import annotations

from typing import Any

from emr_local.operations.parameters.tagging import format_tags
from emr_local.operations.responses.instance import format_public_name
from emr_local.operations.responses.shapes import copy_members, omit_missing
from emr_local.resources.identifiers import format_cluster_arn
from emr_local.resources.records import ClusterRecord, ClusterState, Json
from emr_local.resources.releases import find_application_versions

_AS_REQUESTED = (
    "LogEncryptionKmsKeyId",
    "Configurations",
    "SecurityConfiguration",
    "AutoScalingRole",
    "CustomAmiId",
    "EbsRootVolumeSize",
    "EbsRootVolumeIops",
    "EbsRootVolumeThroughput",
    "RepoUpgradeOnBoot",
    "OSReleaseLabel",
    "ExtendedSupport",
    "MonitoringConfiguration",
    "SessionEnabled",
    "ServiceRole",
)
_KERBEROS_SECRETS = ("KdcAdminPassword", "CrossRealmTrustPrincipalPassword", "ADDomainJoinPassword")
_SECURITY_GROUPS = (
    "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup",
    "ServiceAccessSecurityGroup",
    "AdditionalMasterSecurityGroups",
    "AdditionalSlaveSecurityGroups",
)


def describe_cluster(cluster: ClusterRecord) -> dict[str, Any]:
    """A cluster as DescribeCluster shows it."""
    request = cluster.request
    return {
        **summarize_cluster(cluster),
        "Ec2InstanceAttributes": _describe_network(cluster),
        "InstanceCollectionType": "INSTANCE_FLEET" if cluster.uses_fleets else "INSTANCE_GROUP",
        "ReleaseLabel": cluster.release_label,
        "AutoTerminate": not cluster.keep_alive,
        "TerminationProtected": cluster.termination_protected,
        "UnhealthyNodeReplacement": cluster.unhealthy_node_replacement,
        "VisibleToAllUsers": cluster.visible_to_all_users,
        "Applications": _describe_applications(cluster),
        "Tags": format_tags(cluster.tags),
        "ScaleDownBehavior": request.get("ScaleDownBehavior", "TERMINATE_AT_TASK_COMPLETION"),
        "StepConcurrencyLevel": cluster.step_concurrency,
        "PlacementGroups": request.get("PlacementGroupConfigs", []),
        **copy_members(request, *_AS_REQUESTED),
        **omit_missing(
            LogUri=_format_log_uri(request.get("LogUri")),
            MasterPublicDnsName=find_primary_name(cluster),
            KerberosAttributes=_hide_passwords(request.get("KerberosAttributes")),
        ),
    }


def summarize_cluster(cluster: ClusterRecord) -> dict[str, Any]:
    """A cluster as ListClusters shows it."""
    return {
        "Id": cluster.cluster_id,
        "Name": cluster.name,
        "Status": {
            "State": cluster.state,
            "StateChangeReason": omit_missing(Code=cluster.reason_code, Message=cluster.reason_message),
            "Timeline": omit_missing(
                CreationDateTime=cluster.created_at, ReadyDateTime=cluster.ready_at, EndDateTime=cluster.ended_at
            ),
        },
        "NormalizedInstanceHours": 0,
        "ClusterArn": format_cluster_arn(cluster.region, cluster.cluster_id),
    }


def find_primary_name(cluster: ClusterRecord) -> str | None:
    """The public name of the primary node, once EMR would know it."""
    if cluster.state is ClusterState.STARTING:
        return None
    return format_public_name(cluster.find_nodes("MASTER")[0].number, cluster.region)


def _describe_network(cluster: ClusterRecord) -> dict[str, Any]:
    instances = cluster.request["Instances"]
    placement = instances.get("Placement", {})
    subnets = instances.get("Ec2SubnetIds") or [each for each in [instances.get("Ec2SubnetId")] if each]
    zones = placement.get("AvailabilityZones") or [each for each in [placement.get("AvailabilityZone")] if each]
    return {
        **copy_members(instances, "Ec2KeyName", *_SECURITY_GROUPS),
        **omit_missing(Ec2SubnetId=subnets[0] if subnets else None),
        "RequestedEc2SubnetIds": subnets,
        "Ec2AvailabilityZone": zones[0] if zones else f"{cluster.region}a",
        "RequestedEc2AvailabilityZones": zones,
        "IamInstanceProfile": cluster.request["JobFlowRole"],
    }


def _describe_applications(cluster: ClusterRecord) -> list[dict[str, Any]]:
    versions = find_application_versions(cluster.release_label)
    asked = cluster.request.get("Applications") or [{"Name": "Hadoop"}]
    return [{**omit_missing(Version=versions.get(each.get("Name", ""))), **each} for each in asked]


def _format_log_uri(uri: str | None) -> str | None:
    return None if uri is None else uri.rstrip("/") + "/"


def _hide_passwords(attributes: Json | None) -> dict[str, Any] | None:
    if attributes is None:
        return None
    return {**attributes, **{key: "******" for key in _KERBEROS_SECRETS if key in attributes}}

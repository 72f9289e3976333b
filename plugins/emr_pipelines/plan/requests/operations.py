"""Where a cluster lies in the network and where its logs go, as parts of a RunJobFlow body. Pure."""

from __future__ import annotations

from typing import Any

from emr_pipelines.pipeline_spec.models.cluster import ClusterSpec
from emr_pipelines.pipeline_spec.models.operations import (
    CloudWatchLogsSpec,
    MonitoringSpec,
    S3LogsSpec,
    SecurityGroupsSpec,
)
from emr_pipelines.plan.requests.parts import given


def network_request(cluster: ClusterSpec, *, fleets: bool) -> dict[str, Any]:
    """The keys of Instances that say where the cluster lies: fleets choose among subnets or zones, groups take one."""
    subnets, zones = list(cluster.subnets or []), list(cluster.availability_zones or [])
    place = {"Ec2SubnetIds": subnets} if fleets else {"Ec2SubnetId": next(iter(subnets), None)}
    zone = {"AvailabilityZones": zones} if fleets else {"AvailabilityZone": next(iter(zones), None)}
    groups = cluster.security_groups
    return given({**place, "Placement": given(zone), **(_security_groups(groups) if groups else {})})


def monitoring_configuration(monitoring: MonitoringSpec) -> dict[str, Any]:
    """The MonitoringConfiguration."""
    return given(
        {
            "CloudWatchLogConfiguration": monitoring.cloudwatch and _cloudwatch(monitoring.cloudwatch),
            "S3LoggingConfiguration": monitoring.s3 and _s3_logging(monitoring.s3),
        }
    )


def _security_groups(groups: SecurityGroupsSpec) -> dict[str, Any]:
    return {
        "EmrManagedMasterSecurityGroup": groups.primary,
        "EmrManagedSlaveSecurityGroup": groups.core,
        "ServiceAccessSecurityGroup": groups.service_access,
        "AdditionalMasterSecurityGroups": list(groups.additional_primary or []),
        "AdditionalSlaveSecurityGroups": list(groups.additional_core or []),
    }


def _cloudwatch(logs: CloudWatchLogsSpec) -> dict[str, Any]:
    files = {"STEP_LOGS": logs.steps, "SPARK_DRIVER": logs.spark_driver, "SPARK_EXECUTOR": logs.spark_executor}
    request = {
        "Enabled": True,
        "LogGroupName": logs.log_group,
        "LogStreamNamePrefix": logs.stream_prefix,
        "EncryptionKeyArn": logs.kms_key,
        "LogTypes": {kind: [name.upper() for name in names] for kind, names in files.items() if names},
    }
    return given(request)


def _s3_logging(logs: S3LogsSpec) -> dict[str, Any]:
    policies = {
        "system-logs": logs.system,
        "application-logs": logs.application,
        "persistent-ui-logs": logs.persistent_ui,
    }
    return {"LogTypeUploadPolicy": given(policies)}

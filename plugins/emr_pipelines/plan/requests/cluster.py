"""The RunJobFlow body of a run's cluster, with placeholders for what only the run knows. Pure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from emr_pipelines.pipeline_spec.models.cluster import BootstrapSpec, ClusterSpec
from emr_pipelines.pipeline_spec.models.security import SecurityConfigurationSpec
from emr_pipelines.pipeline_spec.notation.durations import DEFAULT_MAX_LIFETIME, seconds_of
from emr_pipelines.plan.artifacts import CodeLayout
from emr_pipelines.plan.keys import cluster_name, cluster_path
from emr_pipelines.plan.model import ClusterPlan, SecurityConfigurationPlan
from emr_pipelines.plan.requests.capacity import instances_request, uses_fleets
from emr_pipelines.plan.requests.configuration import configurations_request
from emr_pipelines.plan.requests.operations import monitoring_configuration
from emr_pipelines.plan.requests.parts import given, lay_over
from emr_pipelines.plan.requests.scaling import managed_scaling_policy
from emr_pipelines.plan.requests.security import (
    kerberos_attributes,
    name_security_configuration,
    security_configuration_body,
)

CLUSTER_KEY = "main"
DIGEST_TAG = "emr-pipelines:spec_digest"
DEFAULT_IDLE_TIMEOUT = "1h"
DEFAULT_START_TIMEOUT = "60m"
_TAG_START = "emr-pipelines:"
_LOG_URI = "${env.logs}"
_APPLICATIONS = ("Spark",)
# The names that `aws emr create-default-roles` gives.
_SERVICE_ROLE = "EMR_DefaultRole"
_INSTANCE_PROFILE = "EMR_EC2_DefaultRole"
_AUTO_SCALING_ROLE = "EMR_AutoScaling_DefaultRole"
# RunJobFlow keys whose spec value has EMR's own form.
_PLAIN_KEYS = {
    "ReleaseLabel": "release",
    "StepConcurrencyLevel": "step_concurrency",
    "EbsRootVolumeSize": "ebs_root_gb",
    "EbsRootVolumeIops": "ebs_root_iops",
    "EbsRootVolumeThroughput": "ebs_root_throughput",
    "LogEncryptionKmsKeyId": "log_key",
    "CustomAmiId": "custom_ami",
    "OSReleaseLabel": "os_release",
    "SessionEnabled": "spark_connect",
}
_SCALE_DOWN = {"task_completion": "TERMINATE_AT_TASK_COMPLETION", "instance_hour": "TERMINATE_AT_INSTANCE_HOUR"}


def plan_cluster(
    pipeline: str, cluster: ClusterSpec, layout: CodeLayout, spec_digest: str, plain: Callable[[Any], Any]
) -> ClusterPlan:
    """The cluster of a run: a new one with its whole request, or the long-running one that the spec names.

    `plain` puts the environment's values into a JSON value, which a security configuration needs before it gets its name.
    """
    if cluster.id is not None or cluster.name is not None:
        return ClusterPlan(key=CLUSTER_KEY, existing_id=cluster.id, existing_name=cluster.name, replaceable=False)
    idle_timeout = seconds_of(cluster.idle_timeout or DEFAULT_IDLE_TIMEOUT)
    security = _security_configuration(cluster, plain)
    request = {
        "Name": cluster_name(pipeline, "${run.key}", CLUSTER_KEY),
        "LogUri": (cluster.log_uri or _LOG_URI).rstrip("/") + "/",
        "Applications": [{"Name": name} for name in cluster.applications or _APPLICATIONS],
        "Instances": instances_request(cluster),
        "AutoTerminationPolicy": {"IdleTimeout": idle_timeout},
        "ServiceRole": cluster.service_role or _SERVICE_ROLE,
        "JobFlowRole": cluster.instance_profile or _INSTANCE_PROFILE,
        "VisibleToAllUsers": True,
        "Tags": _tags(pipeline, cluster.tags or {}, spec_digest),
        **_optional_parts(cluster, layout),
        **given({"SecurityConfiguration": security.name if security else cluster.security_configuration}),
    }
    return ClusterPlan(
        key=CLUSTER_KEY,
        request=lay_over(request, cluster.overrides or {}),
        security_configuration=security,
        idle_timeout_seconds=idle_timeout,
        max_lifetime_seconds=seconds_of(cluster.max_lifetime or DEFAULT_MAX_LIFETIME),
        start_timeout_seconds=seconds_of(cluster.start_timeout or DEFAULT_START_TIMEOUT),
    )


def _security_configuration(cluster: ClusterSpec, plain: Callable[[Any], Any]) -> SecurityConfigurationPlan | None:
    """The configuration that the spec itself holds; None for one that exists under a name, or for none."""
    if not isinstance(cluster.security_configuration, SecurityConfigurationSpec):
        return None
    return name_security_configuration(plain(security_configuration_body(cluster.security_configuration)))


def _optional_parts(cluster: ClusterSpec, layout: CodeLayout) -> dict[str, Any]:
    """What stands in the request only when the spec asks for it."""
    parts = {key: getattr(cluster, field) for key, field in _PLAIN_KEYS.items()}
    parts["BootstrapActions"] = [_bootstrap_action(action, layout) for action in cluster.bootstrap or []]
    parts["Configurations"] = configurations_request(cluster.configurations)
    parts["MonitoringConfiguration"] = cluster.monitoring and monitoring_configuration(cluster.monitoring)
    parts["KerberosAttributes"] = cluster.kerberos and kerberos_attributes(cluster.kerberos)
    parts["RepoUpgradeOnBoot"] = cluster.repo_upgrade_on_boot and cluster.repo_upgrade_on_boot.upper()
    return given(parts | _scaling_parts(cluster))


def _scaling_parts(cluster: ClusterSpec) -> dict[str, Any]:
    scaling, strategy = cluster.managed_scaling, cluster.placement_strategy
    scales_groups = any(part is not None and part.autoscaling for part in (cluster.core, cluster.task))
    return {
        "ManagedScalingPolicy": scaling and managed_scaling_policy(scaling, fleets=uses_fleets(cluster)),
        "AutoScalingRole": cluster.autoscaling_role or (_AUTO_SCALING_ROLE if scales_groups else None),
        "ScaleDownBehavior": cluster.scale_down and _SCALE_DOWN[cluster.scale_down],
        "PlacementGroupConfigs": strategy and [{"InstanceRole": "MASTER", "PlacementStrategy": strategy.upper()}],
    }


def is_own_tag(name: str) -> bool:
    """Whether the package gives the tag, and no spec can."""
    return name.startswith(_TAG_START)


def _tags(pipeline: str, tags: dict[str, str], spec_digest: str) -> list[dict[str, str]]:
    ours = {
        "emr-pipelines:key": cluster_path("${run.key}", CLUSTER_KEY),
        "emr-pipelines:dag_id": pipeline,
        "emr-pipelines:run_id": "${run.id}",
        "emr-pipelines:expires_at": "${run.expires_at}",
        DIGEST_TAG: spec_digest,
    }
    return [{"Key": key, "Value": value} for key, value in sorted((tags | ours).items())]


def _bootstrap_action(action: str | BootstrapSpec, layout: CodeLayout) -> dict[str, Any]:
    chosen = BootstrapSpec(script=action) if isinstance(action, str) else action
    script: dict[str, Any] = {"Path": layout.address(chosen.script)}
    if chosen.args:
        script["Args"] = list(chosen.args)
    return {"Name": chosen.name or PurePosixPath(chosen.script).name, "ScriptBootstrapAction": script}

"""The RunJobFlow body of a run's cluster, with placeholders for what only the run knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from emr_pipelines.plan.capacity_request import instances_request, uses_fleets
from emr_pipelines.plan.code_layout import CodeLayout
from emr_pipelines.plan.keys import cluster_name, cluster_path
from emr_pipelines.plan.model import ClusterPlan
from emr_pipelines.spec.capacity_models import ManagedScalingSpec
from emr_pipelines.spec.cluster_models import BootstrapSpec, ClusterSpec, ConfigurationSpec
from emr_pipelines.spec.context import scalar_text
from emr_pipelines.spec.durations import DEFAULT_MAX_LIFETIME, seconds_of

CLUSTER_KEY = "main"
DEFAULT_IDLE_TIMEOUT = "1h"
DEFAULT_START_TIMEOUT = "60m"
_LOG_URI = "${env.logs}"
_APPLICATIONS = ("Spark",)
# The names that `aws emr create-default-roles` gives.
_SERVICE_ROLE = "EMR_DefaultRole"
_INSTANCE_PROFILE = "EMR_EC2_DefaultRole"
# RunJobFlow keys whose spec value has EMR's own form.
_PLAIN_KEYS = {
    "ReleaseLabel": "release",
    "StepConcurrencyLevel": "step_concurrency",
    "SecurityConfiguration": "security_configuration",
    "EbsRootVolumeSize": "ebs_root_gb",
}


def plan_cluster(pipeline: str, cluster: ClusterSpec, layout: CodeLayout, spec_digest: str) -> ClusterPlan:
    """The cluster of a run: a new one with its whole request, or the long-running one that the spec names."""
    if cluster.id is not None or cluster.name is not None:
        return ClusterPlan(key=CLUSTER_KEY, existing_id=cluster.id, existing_name=cluster.name, replaceable=False)
    idle_timeout = seconds_of(cluster.idle_timeout or DEFAULT_IDLE_TIMEOUT)
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
    }
    return ClusterPlan(
        key=CLUSTER_KEY,
        request=_merge(request, cluster.overrides or {}),
        idle_timeout_seconds=idle_timeout,
        max_lifetime_seconds=seconds_of(cluster.max_lifetime or DEFAULT_MAX_LIFETIME),
        start_timeout_seconds=seconds_of(cluster.start_timeout or DEFAULT_START_TIMEOUT),
    )


def _optional_parts(cluster: ClusterSpec, layout: CodeLayout) -> dict[str, Any]:
    """What stands in the request only when the spec asks for it; EMR refuses some of these keys when they are empty."""
    parts = {key: getattr(cluster, field) for key, field in _PLAIN_KEYS.items()}
    parts["BootstrapActions"] = [_bootstrap_action(action, layout) for action in cluster.bootstrap or []]
    parts["Configurations"] = _configurations(cluster.configurations or [])
    if cluster.managed_scaling is not None:
        parts["ManagedScalingPolicy"] = _scaling_policy(cluster.managed_scaling, fleets=uses_fleets(cluster))
    return {key: value for key, value in parts.items() if value not in (None, [])}


def _tags(pipeline: str, tags: dict[str, str], spec_digest: str) -> list[dict[str, str]]:
    ours = {
        "emr-pipelines:key": cluster_path("${run.key}", CLUSTER_KEY),
        "emr-pipelines:dag_id": pipeline,
        "emr-pipelines:run_id": "${run.id}",
        "emr-pipelines:expires_at": "${run.expires_at}",
        "emr-pipelines:spec_digest": spec_digest,
    }
    return [{"Key": key, "Value": value} for key, value in sorted((tags | ours).items())]


def _bootstrap_action(action: str | BootstrapSpec, layout: CodeLayout) -> dict[str, Any]:
    chosen = BootstrapSpec(script=action) if isinstance(action, str) else action
    script: dict[str, Any] = {"Path": layout.address(chosen.script)}
    if chosen.args:
        script["Args"] = list(chosen.args)
    return {"Name": chosen.name or PurePosixPath(chosen.script).name, "ScriptBootstrapAction": script}


def _configurations(configurations: Iterable[ConfigurationSpec]) -> list[dict[str, Any]]:
    return [_configuration(configuration) for configuration in configurations]


def _configuration(configuration: ConfigurationSpec) -> dict[str, Any]:
    request: dict[str, Any] = {
        "Classification": configuration.classification,
        "Properties": {name: scalar_text(value) for name, value in sorted(configuration.properties.items())},
    }
    if configuration.configurations:
        request["Configurations"] = _configurations(configuration.configurations)
    return request


def _scaling_policy(scaling: ManagedScalingSpec, *, fleets: bool) -> dict[str, Any]:
    limits: dict[str, Any] = {
        "UnitType": "InstanceFleetUnits" if fleets else "Instances",
        "MinimumCapacityUnits": scaling.minimum,
        "MaximumCapacityUnits": scaling.maximum,
    }
    if scaling.maximum_on_demand is not None:
        limits["MaximumOnDemandCapacityUnits"] = scaling.maximum_on_demand
    if scaling.maximum_core is not None:
        limits["MaximumCoreCapacityUnits"] = scaling.maximum_core
    return {"ComputeLimits": limits}


def _merge(base: Any, over: Any) -> Any:
    """`over` laid on `base`: maps are merged key by key, everything else is replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {key: _merge(base[key], value) if key in base else value for key, value in over.items()}
    return over

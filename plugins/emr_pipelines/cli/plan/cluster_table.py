"""The table of a run's cluster: in people's words what has them, and every other key of the request as it is sent. Reads the report and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emr_pipelines.cli.plan.layout import Shown, duration, table, value_text
from emr_pipelines.cli.plan.report import PlanReport
from emr_pipelines.plan.model import ClusterPlan

_OUR_TAGS = "emr-pipelines:"
# What has a row of its own, or says nothing about this cluster in particular.
_TOLD = frozenset(
    {
        "Name",
        "LogUri",
        "ReleaseLabel",
        "Applications",
        "Instances",
        "BootstrapActions",
        "StepConcurrencyLevel",
        "AutoTerminationPolicy",
        "Tags",
        "VisibleToAllUsers",
    }
)
_TOLD_OF_INSTANCES = frozenset(
    {"InstanceFleets", "InstanceGroups", "KeepJobFlowAliveWhenNoSteps", "TerminationProtected"}
)


def show_cluster(report: PlanReport) -> list[Shown]:
    """The cluster that a run makes, or the long-running one that it uses."""
    cluster = report.shown_plan.cluster
    if cluster.request is None:
        rows = [("long-running", f"{cluster.existing_id or cluster.existing_name}, never terminated")]
        return [table("Cluster", rows=rows)]
    return [table("Cluster", rows=_rows(cluster, cluster.request))]


def _rows(cluster: ClusterPlan, request: dict[str, Any]) -> Iterator[tuple[str, object]]:
    instances = request["Instances"]
    applications = ", ".join(application["Name"] for application in request["Applications"])
    yield "name", request["Name"]
    yield "release", f"{request.get('ReleaseLabel')} with {applications}"
    yield from capacity_rows(instances)
    yield "bootstrap", ", ".join(action["Name"] for action in request.get("BootstrapActions", []))
    yield "steps at once", request.get("StepConcurrencyLevel", 1)
    yield "starts", f"within {duration(cluster.start_timeout_seconds)}, else another one is launched"
    yield (
        "if it is lost",
        "the run goes on with another one" if cluster.replaceable else "the run fails: a step uses HDFS",
    )
    idle, lifetime = duration(cluster.idle_timeout_seconds), duration(cluster.max_lifetime_seconds)
    yield "ends", f"with the run; else after {idle} without work, or {lifetime} in all"
    yield "logs", request.get("LogUri")
    yield "tags", _tags(request.get("Tags", []))
    yield from _other_rows(instances, _TOLD_OF_INSTANCES)
    yield from _other_rows(request, _TOLD)


def capacity_rows(instances: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """A row for each fleet or group; one that comes from `overrides` may leave out what EMR does not insist on."""
    for fleet in instances.get("InstanceFleets", []):
        amounts = ((fleet.get("TargetOnDemandCapacity"), "on demand"), (fleet.get("TargetSpotCapacity"), "spot"))
        capacity = " + ".join(f"{units} {name}" for units, name in amounts if units)
        types = ", ".join(map(_instance_type, fleet.get("InstanceTypeConfigs", [])))
        yield fleet.get("Name", fleet["InstanceFleetType"].lower()), f"{capacity or 'scaled'} of {types}"
    for group in instances.get("InstanceGroups", []):
        market = group.get("Market", "ON_DEMAND").lower().replace("_", " ")
        yield (
            group.get("Name", group["InstanceRole"].lower()),
            f"{group['InstanceCount']} {market} {group['InstanceType']}",
        )


def _instance_type(kind: dict[str, Any]) -> str:
    weight = kind.get("WeightedCapacity", 1)
    return str(kind["InstanceType"]) if weight == 1 else f"{kind['InstanceType']} ({weight} units)"


def _tags(tags: list[dict[str, str]]) -> str:
    return ", ".join(f"{tag['Key']}={tag['Value']}" for tag in tags if not tag["Key"].startswith(_OUR_TAGS))


def _other_rows(request: dict[str, Any], told: frozenset[str]) -> Iterator[tuple[str, object]]:
    for key, value in request.items():
        if key not in told:
            is_list_of_names = isinstance(value, list) and all(isinstance(item, str) for item in value)
            yield key, ", ".join(value) if is_list_of_names else value_text(value)

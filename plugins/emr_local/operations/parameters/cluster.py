"""From a RunJobFlow request to the record of a new cluster, with AWS's checks. Draws ids; no clock, no I/O, no state."""

from __future__ import annotations

from collections.abc import Sequence

from emr_local.clusters.launching.bootstrap_actions import is_script_address
from emr_local.operations.parameters.cluster_settings import check_settings
from emr_local.operations.parameters.instance import Hardware, build_hardware
from emr_local.operations.parameters.scaling import check_auto_scaling, check_managed_scaling
from emr_local.operations.parameters.tagging import read_tags
from emr_local.resources.identifiers import create_identifier
from emr_local.resources.records import ClusterRecord, Json
from emr_local.resources.releases import list_release_labels, parse_version
from emr_local.wire.api_errors import validation_failure

MAX_BOOTSTRAP_ACTIONS = 16
_DEFAULT_IDLE_TIMEOUT = 3600
_IDLE_TIMEOUTS = range(60, 604_800 + 1)
_CONCURRENCY_LEVELS = range(1, 256 + 1)
_FIRST_WITH_IDLE_TIMEOUT = (5, 30)


def create_cluster(request: Json, region: str, now: float) -> ClusterRecord:
    """The record of the cluster that this request asks for; raises AWS's ValidationException when it cannot be had."""
    release_label = _check_release(request, region)
    _check_roles(request)
    _check_bootstrap_actions(request.get("BootstrapActions", ()))
    check_settings(request, release_label)
    instances = request["Instances"]
    hardware = build_hardware(instances, release_label, now)
    _check_scaling(request, release_label, hardware)
    policy = request.get("AutoTerminationPolicy")
    forced = hardware.is_highly_available
    return ClusterRecord(
        cluster_id=create_identifier("j"),
        name=request["Name"],
        region=region,
        release_label=release_label,
        request={key: value for key, value in request.items() if key != "Steps"},
        uses_fleets=hardware.uses_fleets,
        collections=hardware.collections,
        nodes=hardware.nodes,
        keep_alive=forced or instances.get("KeepJobFlowAliveWhenNoSteps", False),
        termination_protected=forced or instances.get("TerminationProtected", False),
        visible_to_all_users=request.get("VisibleToAllUsers", True),
        unhealthy_node_replacement=instances.get("UnhealthyNodeReplacement", False),
        step_concurrency=check_step_concurrency(request.get("StepConcurrencyLevel", 1)),
        tags=read_tags(request.get("Tags", ())),
        idle_timeout=None if policy is None else read_idle_timeout(policy, release_label),
        managed_scaling=request.get("ManagedScalingPolicy"),
        created_at=now,
        state_since=now,
    )


def check_step_concurrency(level: int) -> int:
    """The level, if it is one that EMR allows."""
    if level not in _CONCURRENCY_LEVELS:
        raise validation_failure("Invalid step concurrency level. Allowed level is from 1 to 256")
    return level


def read_idle_timeout(policy: Json, release_label: str) -> int:
    """The seconds of an AutoTerminationPolicy, if EMR allows them."""
    version = parse_version(release_label)
    if version < _FIRST_WITH_IDLE_TIMEOUT or version == (6, 0, 0):
        raise validation_failure("An auto-termination policy needs emr-5.30.0, emr-6.1.0 or newer.")
    seconds: int = policy.get("IdleTimeout", _DEFAULT_IDLE_TIMEOUT)
    if seconds not in _IDLE_TIMEOUTS:
        raise validation_failure(
            f"Invalid idle timeout {seconds}. The idle timeout must be between {_IDLE_TIMEOUTS[0]} and {_IDLE_TIMEOUTS[-1]} seconds."
        )
    return seconds


def _check_scaling(request: Json, release_label: str, hardware: Hardware) -> None:
    managed = request.get("ManagedScalingPolicy")
    if managed:
        check_managed_scaling(managed, release_label, hardware.collections)
    for group in hardware.collections:
        if "AutoScalingPolicy" in group.request:
            has_role = "AutoScalingRole" in request
            check_auto_scaling(group.request["AutoScalingPolicy"], group.role, has_role=has_role, managed=bool(managed))


def _check_release(request: Json, region: str) -> str:
    label: str | None = request.get("ReleaseLabel")
    ami_version = request.get("AmiVersion")
    if label and ami_version:
        raise validation_failure(
            f"Only one AMI version and release label may be specified. Provided AMI: {ami_version}, release label: {label}."
        )
    if ami_version:
        raise validation_failure("The supplied ami version is invalid.")
    if not label:
        raise validation_failure(
            "Must specify exactly one of the following: release label, AMI version, or Hadoop version."
        )
    if label not in list_release_labels(region):
        raise validation_failure(f"The supplied release label is invalid: {label}.")
    return label


def _check_bootstrap_actions(actions: Sequence[Json]) -> None:
    if len(actions) > MAX_BOOTSTRAP_ACTIONS:
        raise validation_failure(f"Maximum number of bootstrap actions ({MAX_BOOTSTRAP_ACTIONS}) exceeded.")
    if not all(is_script_address(each["ScriptBootstrapAction"]["Path"]) for each in actions):
        raise validation_failure(
            "Invalid bootstrap action path, must be a location in Amazon S3 or a local path starting with 'file:'."
        )


def _check_roles(request: Json) -> None:
    if not request.get("ServiceRole"):
        raise validation_failure("ServiceRole is required for creating cluster.")
    if not request.get("JobFlowRole"):
        raise validation_failure("InstanceProfile is required for creating cluster.")

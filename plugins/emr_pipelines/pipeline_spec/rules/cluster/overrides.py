"""Rules about `cluster.overrides`, the raw RunJobFlow keys: what EMR's API takes, and nothing that a run relies on. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.catalog.run_job_flow import find_flaws
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.notation.emr_limits import MAX_STEPS_AT_ONCE
from emr_pipelines.pipeline_spec.reading.document import Path

_PATH: Path = ("cluster", "overrides")
_RESERVED = {
    "Name": ("a run finds its cluster by its name", "Remove it."),
    "Steps": ("steps are submitted one by one by the run", "Write them under steps."),
    "AmiVersion": ("it is for AMIs before release labels, and EMR takes only one of them", "Write cluster.release."),
    "Tags": ("they would replace the tags by which a run finds its cluster", "Write them under cluster.tags."),
}
_FORMS = {
    "fleets": ("InstanceGroups", "MasterInstanceType", "SlaveInstanceType", "InstanceCount"),
    "groups": ("InstanceFleets", "MasterInstanceType", "SlaveInstanceType", "InstanceCount"),
}
# AWS: API reference of RunJobFlow, StepConcurrencyLevel.
_LOG_SCHEMES = ("s3://", "s3n://", "${")
_FIXED_INSTANCES = {"KeepJobFlowAliveWhenNoSteps": True, "TerminationProtected": False}


def check_keys(context: Context) -> Iterator[RuleViolation]:
    """What overrides and the rest of the cluster make together is what EMR's API takes."""
    overrides = context.resolve_texts(context.spec.cluster.overrides or {})
    own = {key: value for key, value in overrides.items() if key not in (*_RESERVED, "AutoTerminationPolicy")}
    for flaw in find_flaws(own, frozenset(_given(context))):
        yield RuleViolation(path=(*_PATH, *flaw.path), message=flaw.message, fix=flaw.fix, at_key=flaw.at_key)


def check_values(context: Context) -> Iterator[RuleViolation]:
    """What EMR refuses, or takes and then keeps no logs, although the shape is right."""
    overrides = context.plain(context.spec.cluster.overrides or {})
    steps = overrides.get("StepConcurrencyLevel")
    if isinstance(steps, int) and not 1 <= steps <= MAX_STEPS_AT_ONCE:
        message = f"StepConcurrencyLevel {steps} is outside of 1 to {MAX_STEPS_AT_ONCE}"
        yield RuleViolation(path=(*_PATH, "StepConcurrencyLevel"), message=message, fix="Change the number.")
    logs = overrides.get("LogUri")
    if isinstance(logs, str) and logs and not logs.startswith(_LOG_SCHEMES):
        message = f"{logs!r} is no s3:// address, and the cluster would keep no logs"
        yield RuleViolation(path=(*_PATH, "LogUri"), message=message, fix="Begin with s3://.")


def check_one_form(context: Context) -> Iterator[RuleViolation]:
    """Overrides keep to fleets or to groups, as the cluster does; EMR takes no both."""
    cluster = context.spec.cluster
    instances = (cluster.overrides or {}).get("Instances") or {}
    parts = [part for part in (cluster.primary, cluster.core, cluster.task) if part is not None]
    form = "fleets" if any(part.instances is not None for part in parts) else "groups"
    for key in _FORMS[form]:
        if parts and isinstance(instances, dict) and key in instances:
            message = f"{key} beside the cluster's own instance {form}: EMR takes only one form"
            fix = "Write primary, core and task in that form instead."
            yield RuleViolation(path=(*_PATH, "Instances", key), message=message, fix=fix, at_key=True)


def _given(context: Context) -> Iterator[Path]:
    """The maps of the request over which overrides are laid and whose needed keys the rest of the cluster gives."""
    cluster, monitoring = context.spec.cluster, context.spec.cluster.monitoring
    yield ()
    if cluster.managed_scaling is not None or context.is_broken(("cluster", "managed_scaling")):
        yield ("ManagedScalingPolicy", "ComputeLimits")
    if cluster.kerberos is not None or context.is_broken(("cluster", "kerberos")):
        yield ("KerberosAttributes",)
    if (monitoring is not None and monitoring.cloudwatch is not None) or context.is_broken(("cluster", "monitoring")):
        yield ("MonitoringConfiguration", "CloudWatchLogConfiguration")


def check_reserved(context: Context) -> Iterator[RuleViolation]:
    """Overrides leave alone what a run relies on."""
    overrides = context.spec.cluster.overrides or {}
    for key, (reason, fix) in _RESERVED.items():
        if key in overrides:
            yield RuleViolation(
                path=(*_PATH, key), message=f"{key} cannot be overridden: {reason}", fix=fix, at_key=True
            )
    instances = overrides.get("Instances")
    if not isinstance(instances, dict):
        return
    for key, value in _FIXED_INSTANCES.items():
        if instances.get(key, value) is not value:
            message = f"{key} cannot be overridden: the run itself ends its cluster"
            yield RuleViolation(path=(*_PATH, "Instances", key), message=message, fix="Remove it.", at_key=True)


def check_idle_timeout_kept(context: Context) -> Iterator[RuleViolation]:
    """Overrides cannot take the idle timeout away."""
    overrides = context.spec.cluster.overrides or {}
    if "AutoTerminationPolicy" in overrides:
        message = "AutoTerminationPolicy cannot be overridden: without it a forgotten cluster runs on"
        yield RuleViolation(
            path=(*_PATH, "AutoTerminationPolicy"), message=message, fix="Write cluster.idle_timeout.", at_key=True
        )

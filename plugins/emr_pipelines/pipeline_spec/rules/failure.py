"""Rules about what happens when a step fails or takes too long: who ends what, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.notation.durations import DEFAULT_MAX_LIFETIME, seconds_of
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.rules.cluster.cluster import is_long_running

_CLUSTER: Path = ("cluster",)
_LIFETIME: Path = (*_CLUSTER, "max_lifetime")


def check_step_concurrency(context: Context) -> Iterator[RuleViolation]:
    """With more than one step at a time EMR refuses every on_failure but continue."""
    cluster = context.spec.cluster
    concurrency = (cluster.overrides or {}).get("StepConcurrencyLevel", cluster.step_concurrency)
    if not isinstance(concurrency, int) or concurrency <= 1:
        return
    for path, step in context.steps():
        if step.on_failure != "continue":
            message = f"on_failure {step.on_failure}, but step_concurrency is {concurrency}, with which EMR takes continue only"
            yield RuleViolation(
                path=(*path, "on_failure"),
                message=message,
                fix="Write continue; later steps that need this one do not start anyway.",
            )


def check_shared_cluster(context: Context) -> Iterator[RuleViolation]:
    """A step on a long-running cluster ends nothing but itself."""
    if not is_long_running(context) or _CLUSTER in context.broken:
        return
    effects = {"terminate_cluster": "terminates the cluster", "cancel_and_wait": "cancels the steps"}
    for path, step in context.steps():
        if step.on_failure in effects:
            message = f"on_failure {step.on_failure} {effects[step.on_failure]} of everybody who uses this long-running cluster"
            yield RuleViolation(
                path=(*path, "on_failure"),
                message=message,
                fix="Write continue; later steps that need this one do not start anyway.",
            )


def check_retries(context: Context) -> Iterator[RuleViolation]:
    """A step is submitted again to a cluster that is still there."""
    for path, step in context.steps():
        if step.retries > 0 and step.on_failure == "terminate_cluster":
            message = f"retries {step.retries}, but on_failure terminate_cluster leaves no cluster to retry on"
            yield RuleViolation(
                path=(*path, "retries"), message=message, fix="Write on_failure: continue, or retries: 0."
            )


def check_lifetime(context: Context) -> Iterator[RuleViolation]:
    """A cluster may live as long as anything on it may take: `emr-pipelines reap` terminates it after max_lifetime."""
    lifetime = _lifetime(context)
    if lifetime is None:
        return
    for path, duration in _durations(context):
        if seconds_of(duration) > seconds_of(lifetime):
            message = f"{path[-1]} {duration} is longer than the cluster's max_lifetime of {lifetime}, after which it is terminated"
            fix = f"Write at most {lifetime}, or a longer max_lifetime in the cluster."
            yield RuleViolation(path=path, message=message, fix=fix)


def _lifetime(context: Context) -> str | None:
    """The longest life of the cluster; None when it is not ours or could not be read."""
    if is_long_running(context):
        return None
    default = DEFAULT_MAX_LIFETIME if context.is_absent(_LIFETIME) else None
    return context.spec.cluster.max_lifetime or default


def _durations(context: Context) -> Iterator[tuple[Path, str]]:
    cluster = context.spec.cluster
    # An idle timeout above the default of max_lifetime is one that EMR does not take, which another rule says.
    keys = ("start_timeout", "idle_timeout") if cluster.max_lifetime else ("start_timeout",)
    found = [((*_CLUSTER, key), getattr(cluster, key)) for key in keys]
    found.append((("expected_duration",), context.spec.expected_duration))
    for path, step in context.steps():
        found += [((*path, key), getattr(step, key)) for key in ("timeout", "queue_timeout")]
    yield from ((path, duration) for path, duration in found if duration is not None)

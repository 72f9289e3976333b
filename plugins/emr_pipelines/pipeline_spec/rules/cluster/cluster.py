"""Rules about a cluster as a whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.notation.durations import seconds_of
from emr_pipelines.pipeline_spec.notation.emr_limits import MAX_TAGS
from emr_pipelines.pipeline_spec.reading.document import Path, value_at

OWN_TAG_PREFIX = "emr-pipelines:"
_IDLE_SECONDS = (60, 7 * 86400)
# Five of ours are added to each cluster: key, dag_id, run_id, expires_at, spec_digest.
_OWN_TAGS = 5
_WITH_LONG_RUNNING = ("id", "name", "step_concurrency")
_FIRST_WITH_IDLE_TIMEOUT = (5, 30)
_CLUSTER: Path = ("cluster",)


def check_long_running(context: Context) -> Iterator[RuleViolation]:
    """A long-running cluster is named by its id or by its name, and nothing about it can be changed."""
    cluster = context.spec.cluster
    if not is_long_running(context):
        return
    if cluster.id and cluster.name:
        yield RuleViolation(
            path=(*_CLUSTER, "name"),
            message="both id and name of a long-running cluster",
            fix="Keep one of them.",
            at_key=True,
        )
    kind = "id" if cluster.id else "name"
    for key in value_at(context.value, _CLUSTER) or {}:
        if key not in _WITH_LONG_RUNNING:
            fix = f"Remove {key} to use the running cluster, or remove {kind} to create one for each run."
            yield RuleViolation(
                path=(*_CLUSTER, key),
                message=f"{key} beside {kind}, but a running cluster is taken as it is",
                fix=fix,
                at_key=True,
            )


def check_required(context: Context) -> Iterator[RuleViolation]:
    """A cluster that is created has a release, a primary node and an idle timeout; the environment may give them."""
    if is_long_running(context):
        return
    for key, example in (("release", "emr-7.13.0"), ("primary", "{instances: [m5.xlarge]}"), ("idle_timeout", "15m")):
        if context.is_absent((*_CLUSTER, key)):
            fix = f"Add {key}: {example}, here or in the cluster of the environment's file."
            yield RuleViolation(path=(*_CLUSTER, key), message=f"the cluster has no {key}", fix=fix)


def check_idle_timeout(context: Context) -> Iterator[RuleViolation]:
    """EMR takes idle timeouts of 60 seconds to 7 days, from release 5.30 on."""
    cluster = context.spec.cluster
    least, most = _IDLE_SECONDS
    if cluster.idle_timeout and not least <= seconds_of(cluster.idle_timeout) <= most:
        yield RuleViolation(
            path=(*_CLUSTER, "idle_timeout"),
            message=f"{cluster.idle_timeout} is out of range",
            fix="Write from 60s to 7d.",
        )
    if cluster.release and not cluster.release.startswith("emr-spark-"):
        major, minor, _ = (int(part) for part in cluster.release.removeprefix("emr-").split("."))
        if (major, minor) < _FIRST_WITH_IDLE_TIMEOUT or (major, minor) == (6, 0):
            message = f"{cluster.release} has no idle timeout, without which a forgotten cluster runs on"
            yield RuleViolation(path=(*_CLUSTER, "release"), message=message, fix="Use emr-5.30.0, emr-6.1.0 or newer.")


def check_tags(context: Context) -> Iterator[RuleViolation]:
    """Tags leave room for ours and for those of AWS."""
    tags = context.spec.cluster.tags or {}
    for name, value in tags.items():
        path = (*_CLUSTER, "tags", name)
        for prefix, owner in (("aws:", "AWS"), (OWN_TAG_PREFIX, "emr-pipelines itself")):
            if name.casefold().startswith(prefix):
                yield RuleViolation(
                    path=path,
                    message=f"tags that begin with {prefix!r} are set by {owner}",
                    fix="Choose another key.",
                    at_key=True,
                )
        if not 1 <= len(name) <= 128 or len(value) > 256:
            yield RuleViolation(
                path=path,
                message=f"the tag has a key of {len(name)} and a value of {len(value)} characters",
                fix="A key has 1 to 128, a value at most 256.",
            )
    if len(tags) > MAX_TAGS - _OWN_TAGS:
        message = f"{len(tags)} tags; AWS takes {MAX_TAGS}, and emr-pipelines adds {_OWN_TAGS}"
        yield RuleViolation(path=(*_CLUSTER, "tags"), message=message, fix=f"Keep at most {MAX_TAGS - _OWN_TAGS}.")


def is_long_running(context: Context) -> bool:
    """Whether the spec names a running cluster, which is only used."""
    raw = value_at(context.value, _CLUSTER) or {}
    return "id" in raw or "name" in raw

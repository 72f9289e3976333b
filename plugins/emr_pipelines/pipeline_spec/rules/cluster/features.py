"""Rules about what a cluster may ask for: the release that brought it, and what else it needs. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.notation.release_labels import is_since
from emr_pipelines.pipeline_spec.reading.document import Path, dotted, value_at
from emr_pipelines.pipeline_spec.rules.cluster.capacity import parts_of

_CLUSTER: Path = ("cluster",)
# The first release of each line that has the key. AWS: EMR API reference (RunJobFlow) and management guide.
_FIRST_RELEASES: dict[Path, tuple[tuple[int, int], ...]] = {
    ("custom_ami",): ((5, 7),),
    ("kerberos",): ((5, 10),),
    ("placement_strategy",): ((5, 23),),
    ("security_configuration", "at_rest", "ebs"): ((5, 24),),
    ("log_key",): ((5, 30), (6, 1)),
    ("managed_scaling",): ((5, 30), (6, 1)),
    ("managed_scaling", "utilization_index"): ((7, 0),),
    ("security_configuration", "imds_v2"): ((5, 32), (6, 2)),
    ("security_configuration", "runtime_roles"): ((6, 7),),
    ("os_release",): ((5, 36), (6, 6)),
    ("ebs_root_iops",): ((6, 15),),
    ("ebs_root_throughput",): ((6, 15),),
}
_HIGHLY_AVAILABLE = 3


def check_release(context: Context) -> Iterator[RuleViolation]:
    """A release has what the cluster asks for."""
    release = context.spec.cluster.release
    if release is None:
        return
    for key, firsts in _FIRST_RELEASES.items():
        path = (*_CLUSTER, *key)
        if value_at(context.value, path) not in (None, False) and not is_since(release, firsts):
            labels = ", ".join(f"emr-{major}.{minor}.0" for major, minor in firsts)
            yield RuleViolation(
                path=path,
                message=f"{dotted(key)} came with {labels}, but the release is {release}",
                fix=f"Use emr-{max(firsts)[0]}.{max(firsts)[1]}.0 or newer, or remove {key[-1]}.",
                at_key=True,
            )


def check_custom_ami(context: Context) -> Iterator[RuleViolation]:
    """A custom AMI is given for the cluster or for its parts; what is said of Amazon Linux goes with EMR's AMI or with a custom one."""
    cluster, own = context.spec.cluster, list(_custom_amis(context))
    if cluster.custom_ami and own:
        message = "a custom_ami beside that of the cluster; EMR takes one for the cluster, or some for its parts"
        fix = "Write custom_ami for each part that has one, and custom_ami: null for the cluster."
        yield RuleViolation(path=own[0], message=message, fix=fix, at_key=True)
    if cluster.repo_upgrade_on_boot and not own and context.is_absent((*_CLUSTER, "custom_ami")):
        message = "repo_upgrade_on_boot, which is for a custom AMI, but the cluster has EMR's own"
        fix = "Add custom_ami, or remove repo_upgrade_on_boot."
        yield RuleViolation(path=(*_CLUSTER, "repo_upgrade_on_boot"), message=message, fix=fix, at_key=True)
    if cluster.os_release and (cluster.custom_ami or own):
        message = f"os_release {cluster.os_release} beside a custom_ami, which has a release of its own"
        yield RuleViolation(path=(*_CLUSTER, "os_release"), message=message, fix="Remove one of them.", at_key=True)


def _custom_amis(context: Context) -> Iterator[Path]:
    """Where parts of the cluster and types of its fleets have AMIs of their own."""
    for path, _, part in parts_of(context):
        if part.custom_ami:
            yield (*path, "custom_ami")
        for index, instance in enumerate(part.instances or []):
            if not isinstance(instance, str) and instance.custom_ami:
                yield (*path, "instances", index, "custom_ami")


def check_placement(context: Context) -> Iterator[RuleViolation]:
    """Only the three primary nodes of a highly available cluster can be spread."""
    cluster = context.spec.cluster
    if cluster.placement_strategy is None or context.is_broken((*_CLUSTER, "primary")):
        return
    count = cluster.primary.count or 1 if cluster.primary else 1
    if count != _HIGHLY_AVAILABLE:
        message = f"placement_strategy {cluster.placement_strategy}, but there is {count} primary node to spread"
        fix = "Write primary: {instance: m5.xlarge, count: 3}, or remove placement_strategy."
        yield RuleViolation(path=(*_CLUSTER, "placement_strategy"), message=message, fix=fix, at_key=True)

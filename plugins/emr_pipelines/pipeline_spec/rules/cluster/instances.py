"""Advice about instance types and how they are bought. Pure; the reasons are in docs/explanation/sizing.md."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.catalog.instance_types import find_instance_type, instance_catalog
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.capacity import CapacitySpec
from emr_pipelines.pipeline_spec.notation.spelling import closest
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.reading.overlay import PARTS
from emr_pipelines.pipeline_spec.sizing.cluster_nodes import nodes_of_spec

_BURSTABLE = re.compile(r"t[0-9]+[a-z]*\.")
_LEAST_PRIMARY_MB = 15 * 1024
_SMALL_CLUSTER_NODES = 50
_LARGE_PRIMARY_MB = 30 * 1024
_LOST_WITH = {
    "primary": "when EC2 takes the primary back, the cluster ends",
    "core": "when EC2 takes core nodes back, blocks of HDFS and the shuffle data of running steps go with them",
}


def check_known_types(context: Context) -> Iterator[RuleViolation]:
    """Types are those that EMR offers, as far as the table knows."""
    catalog = instance_catalog()
    for path, name in _types(context):
        if find_instance_type(name) is None and not _BURSTABLE.match(name):
            guess = closest(name, catalog.types)
            hint = f"Did you mean {guess!r}? " if guess else ""
            yield RuleViolation(
                path=path,
                message=f"{name} is not among the {len(catalog.types)} instance types that EMR offered on {catalog.as_of}",
                fix=f"{hint}Nothing about its memory and cores is checked; if EMR offers it by now, all is well.",
            )


def check_burstable_types(context: Context) -> Iterator[RuleViolation]:
    """Types that may use their vCPUs only now and then do not suit a cluster."""
    for path, name in _types(context):
        if _BURSTABLE.match(name):
            yield RuleViolation(
                path=path,
                message=f"{name} is a burstable type, which EMR does not offer: its vCPUs are throttled when their credits are used up",
                fix="Choose a type such as m5.xlarge.",
            )


def check_spot_parts(context: Context) -> Iterator[RuleViolation]:
    """Spot capacity is for task nodes, unless its loss is accepted."""
    for name, lost in _LOST_WITH.items():
        part: CapacitySpec | None = getattr(context.spec.cluster, name)
        if part is None or part.spot_loss == "accept" or not (part.spot or part.market == "spot"):
            continue
        key = "spot" if part.spot else "market"
        yield RuleViolation(
            path=("cluster", name, key),
            message=f"spot capacity for {name}: {lost}",
            fix=f"Buy {name} on demand and task as spot, or write spot_loss: accept under {name}.",
        )


def check_primary_memory(context: Context) -> Iterator[RuleViolation]:
    """The primary has room for the daemons of the cluster."""
    cluster = nodes_of_spec(context.spec.cluster, context.resolve)
    if cluster is None or not cluster.primary.nodes:
        return
    smallest = min((node.type for node in cluster.primary.nodes), key=lambda one: one.memory_mb)
    if smallest.memory_mb < _LEAST_PRIMARY_MB:
        yield RuleViolation(
            path=("cluster", "primary"),
            message=f"{smallest.name} has {smallest.memory_mb} MB for the primary, which runs HDFS's, YARN's and Spark's own services",
            fix="Choose one with 16 GB or more, such as m5.xlarge.",
        )
    elif cluster.count() > _SMALL_CLUSTER_NODES and smallest.memory_mb < _LARGE_PRIMARY_MB:
        yield RuleViolation(
            path=("cluster", "primary"),
            message=f"{smallest.name} has {smallest.memory_mb} MB for the primary of {cluster.count()} nodes, but is enough for {_SMALL_CLUSTER_NODES} only",
            fix="Choose one with 32 GB or more, such as m5.2xlarge.",
        )


def _types(context: Context) -> Iterator[tuple[Path, str]]:
    for name in PARTS:
        part: CapacitySpec | None = getattr(context.spec.cluster, name)
        if part is None:
            continue
        if part.instance:
            yield ("cluster", name, "instance"), part.instance
        for index, instance in enumerate(part.instances or []):
            path: Path = ("cluster", name, "instances", index)
            yield (path, instance) if isinstance(instance, str) else ((*path, "type"), instance.type)

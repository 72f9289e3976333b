"""What `executors: auto` becomes: the size and the number of executors for a cluster's nodes. Pure; the formula is told in docs/explanation/sizing.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.sizing.cluster_nodes import ClusterNodes, Node
from emr_pipelines.pipeline_spec.sizing.executor_sizes import (
    ExecutorSize,
    Overhead,
    choose_size,
    fitting,
    idle_vcpus,
    size_in,
)
from emr_pipelines.pipeline_spec.sizing.spark_requests import ExecutorRequest, executor_request, master_container_mb

AUTO = "auto"
# An idle quarter of a node is worth a word; less is the vCPU that is left to the system.
_IDLE_SHARE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorChoice:
    """The size of an executor, its overhead, and how many there are beside the driver: at launch, and when the cluster has grown."""

    size: ExecutorSize
    overhead_mb: int
    executors: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeUse:
    """What executors of one size make of a node: how many fit, and what they leave."""

    executors: int
    memory_used_mb: int
    memory_free_mb: int
    idle_vcpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BetterSetting:
    """A size that leaves fewer vCPUs of the smallest node idle than another one."""

    size: ExecutorSize
    use: NodeUse


def choose_executors(cluster: ClusterNodes, properties: Mapping[str, str], deploy_mode: str) -> ExecutorChoice | None:
    """The executors that fit on every node that the cluster may get; None if there is no room, or if a type is unknown.

    The driver (in client mode the application master) takes the places that it needs; where there is only one, the executor gets what it leaves.
    """
    node = cluster.smallest
    if node is None or cluster.unknown:
        return None
    overhead = executor_request(properties).overhead
    beside_mb = master_container_mb(properties, deploy_mode)
    size = best_size(cluster, overhead)
    if size is None:
        return None
    taken = cluster.taken_by(beside_mb, size.container_mb)
    most = cluster.executors(size.container_mb, grown=True) - taken
    if most < 1:
        shared = size_in(node.container_limit_mb - beside_mb, size.cores, overhead)
        return None if shared is None else _choice(shared, overhead, executors=1, maximum=1)
    at_launch = max(1, cluster.executors(size.container_mb) - taken)
    return _choice(size, overhead, executors=at_launch, maximum=max(at_launch, most))


def best_size(cluster: ClusterNodes, overhead: Overhead) -> ExecutorSize | None:
    """The size that makes good use of the smallest worker: no executor of it is too large for any other."""
    node = cluster.smallest
    if node is None:
        return None
    vcpus = min(one.type.vcpus for part in cluster.workers for one in part.nodes)
    return choose_size(vcpus, node.yarn_mb, node.container_limit_mb, overhead)


def use_of(node: Node, container_mb: int, cores: int) -> NodeUse:
    """How executors of a size fill a node."""
    executors = fitting(node.yarn_mb, container_mb)
    used_mb = executors * container_mb
    return NodeUse(
        executors=executors,
        memory_used_mb=used_mb,
        memory_free_mb=node.yarn_mb - used_mb,
        idle_vcpus=idle_vcpus(node.type.vcpus, executors, cores),
    )


def better_setting(cluster: ClusterNodes, request: ExecutorRequest) -> BetterSetting | None:
    """The size that would use the smallest node better; None if little is idle, nothing is better, or the request leaves its size to EMR."""
    node = cluster.smallest
    if node is None or request.cores is None or not request.container_mb:
        return None
    now = use_of(node, request.container_mb, request.cores)
    size = best_size(cluster, request.overhead)
    if size is None or not now.executors or now.idle_vcpus * _IDLE_SHARE < node.type.vcpus:
        return None
    use = use_of(node, size.container_mb, size.cores)
    return BetterSetting(size=size, use=use) if use.idle_vcpus < now.idle_vcpus else None


def _choice(size: ExecutorSize, overhead: Overhead, *, executors: int, maximum: int) -> ExecutorChoice:
    return ExecutorChoice(size=size, overhead_mb=overhead.beside(size.memory_mb), executors=executors, maximum=maximum)

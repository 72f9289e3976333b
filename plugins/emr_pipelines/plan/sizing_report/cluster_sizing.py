"""Which nodes a plan's cluster has, and what the executors of its steps make of them. Pure: reads the requests of the plan, which are what EMR gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.catalog.instance_types import instance_catalog
from emr_pipelines.pipeline_spec.sizing.cluster_nodes import ClusterNodes, PartNodes
from emr_pipelines.pipeline_spec.sizing.executor_choice import better_setting, use_of
from emr_pipelines.pipeline_spec.sizing.executor_sizes import memory_text
from emr_pipelines.pipeline_spec.sizing.spark_requests import ExecutorRequest, executor_request, master_container_mb
from emr_pipelines.plan.kinds.spark import SparkSubmit
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.requests.nodes import nodes_of_request

_LONG_RUNNING = "The cluster runs already; its nodes are not known here."


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSizing:
    """A type that a part may be made of: how many nodes of it, at launch and when scaled out, and what each has."""

    part: str
    instance_type: str
    count: int
    most: int
    vcpus: int
    yarn_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorsOnNode:
    """What a step's executors make of a node of one type."""

    part: str
    instance_type: str
    executors: int
    memory_used_mb: int
    memory_free_mb: int
    idle_vcpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedSize:
    """A size that leaves fewer vCPUs of the smallest node idle."""

    executor_cores: int
    executor_memory: str
    executors_per_node: int
    idle_vcpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSizing:
    """A spark step: an executor's size (None: left to EMR), where they fit, and how many run beside the driver if the step has the cluster for itself.

    `total_executors` fit at launch, `most_executors` when the cluster has scaled out; both are no more than the step asks for.
    """

    step: str
    executor_cores: int | None
    executor_memory_mb: int | None
    overhead_mb: int | None
    container_mb: int | None
    driver_container_mb: int
    total_executors: int | None
    most_executors: int | None
    nodes: tuple[ExecutorsOnNode, ...]
    better: SuggestedSize | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingReport:
    """The whole cluster and all spark steps, with the day and source of the facts. `note` says why there are no nodes."""

    as_of: str
    source: str
    note: str
    nodes: tuple[NodeSizing, ...]
    unknown_types: tuple[str, ...]
    steps: tuple[StepSizing, ...]


def size_cluster(plan: Plan) -> SizingReport:
    """The sizing of a plan's cluster; for a long-running one a note."""
    catalog, request = instance_catalog(), plan.cluster.request
    cluster = None if request is None else nodes_of_request(request)
    parts = () if cluster is None else _all_parts(cluster)
    return SizingReport(
        as_of=catalog.as_of,
        source=catalog.source,
        note=_LONG_RUNNING if cluster is None else "",
        nodes=tuple(node for part in parts for node in _node_sizings(part)),
        unknown_types=tuple(dict.fromkeys(name for part in parts for name in part.unknown)),
        steps=()
        if cluster is None
        else tuple(
            _size_step(step.name, step.command, cluster) for step in plan.steps if isinstance(step.command, SparkSubmit)
        ),
    )


def _all_parts(cluster: ClusterNodes) -> list[PartNodes]:
    return [cluster.primary, *(part for part in cluster.workers if part is not cluster.primary)]


def _node_sizings(part: PartNodes) -> Iterator[NodeSizing]:
    for node in part.nodes:
        yield NodeSizing(
            part=part.name,
            instance_type=node.type.name,
            count=node.count,
            most=node.most,
            vcpus=node.type.vcpus,
            yarn_mb=node.yarn_mb,
        )


def _size_step(name: str, spark: SparkSubmit, cluster: ClusterNodes) -> StepSizing:
    properties = dict(cluster.spark_defaults) | spark.effective_properties()
    request = executor_request(properties)
    master_mb = master_container_mb(properties, spark.deploy_mode)
    memory, container = request.memory_mb, request.container_mb
    return StepSizing(
        step=name,
        executor_cores=request.cores,
        executor_memory_mb=memory,
        overhead_mb=None if memory is None else request.overhead.beside(memory) + request.overhead.extra_mb,
        container_mb=container,
        driver_container_mb=master_mb,
        total_executors=_running(cluster, request, master_mb, grown=False),
        most_executors=_running(cluster, request, master_mb, grown=True),
        nodes=tuple(_uses(cluster, container, request.cores)),
        better=_suggest(cluster, request),
    )


def _running(cluster: ClusterNodes, request: ExecutorRequest, master_mb: int, *, grown: bool) -> int | None:
    if not request.container_mb or cluster.unknown:
        return None
    taken = cluster.taken_by(master_mb, request.container_mb)
    places = cluster.executors(request.container_mb, grown=grown) - taken
    asked = request.maximum if request.is_dynamic else request.executors
    return max(0, places if asked is None else min(places, asked))


def _uses(cluster: ClusterNodes, container_mb: int | None, cores: int | None) -> Iterator[ExecutorsOnNode]:
    if not container_mb or cores is None:
        return
    for part in cluster.workers:
        for node in part.nodes:
            use = use_of(node, container_mb, cores)
            yield ExecutorsOnNode(
                part=part.name,
                instance_type=node.type.name,
                executors=use.executors,
                memory_used_mb=use.memory_used_mb,
                memory_free_mb=use.memory_free_mb,
                idle_vcpus=use.idle_vcpus,
            )


def _suggest(cluster: ClusterNodes, request: ExecutorRequest) -> SuggestedSize | None:
    better = better_setting(cluster, request)
    if better is None:
        return None
    return SuggestedSize(
        executor_cores=better.size.cores,
        executor_memory=memory_text(better.size.memory_mb),
        executors_per_node=better.use.executors,
        idle_vcpus=better.use.idle_vcpus,
    )

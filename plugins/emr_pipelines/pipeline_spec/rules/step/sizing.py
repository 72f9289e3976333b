"""Rules about what spark steps ask for and what their nodes have. Pure; where a type or a setting is not known, nothing is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.catalog.instance_types import instance_catalog
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.models.kinds.spark import SparkSpec
from emr_pipelines.pipeline_spec.reading.document import Path
from emr_pipelines.pipeline_spec.rules.cluster.cluster import is_long_running
from emr_pipelines.pipeline_spec.sizing.cluster_nodes import ClusterNodes, Node, nodes_of_spec
from emr_pipelines.pipeline_spec.sizing.executor_choice import AUTO, better_setting, choose_executors, use_of
from emr_pipelines.pipeline_spec.sizing.executor_sizes import Overhead, memory_text
from emr_pipelines.pipeline_spec.sizing.spark_requests import (
    PROPERTY_OF_KEY,
    driver_container_mb,
    driver_memory_mb,
    executor_request,
    properties_of,
)

_CHOSEN_BY_AUTO = ("executors", "executor_memory", "executor_cores")


@dataclass(frozen=True, slots=True, kw_only=True)
class _SparkStep:
    """A spark step with its path, all its properties, and the smallest worker that must do for it."""

    path: Path
    spark: SparkSpec
    properties: Mapping[str, str]
    cluster: ClusterNodes
    node: Node


def check_executor_memory(context: Context) -> Iterator[RuleViolation]:
    """An executor with its overhead fits on the smallest node that runs executors."""
    for step in _steps(context):
        request, limit_mb = executor_request(step.properties), step.node.container_limit_mb
        if request.memory_mb is None or request.overhead.container_mb(request.memory_mb) <= limit_mb:
            continue
        largest = request.overhead.largest_heap_mb(limit_mb)
        yield RuleViolation(
            path=_path_of(step, "executor_memory"),
            message=f"an executor needs {_sum(request.memory_mb, request.overhead)}, but {_room(step.node)}",
            fix=f"Write at most {memory_text(largest)}, or executors: auto; or choose a larger type."
            if largest
            else "Lower the overhead, or choose a larger type.",
        )


def check_executor_cores(context: Context) -> Iterator[RuleViolation]:
    """An executor has no more cores than the smallest node has vCPUs."""
    for step in _steps(context):
        cores = executor_request(step.properties).cores
        least = min((node.type for part in step.cluster.workers for node in part.nodes), key=lambda one: one.vcpus)
        if cores is not None and cores > least.vcpus:
            yield RuleViolation(
                path=_path_of(step, "executor_cores"),
                message=f"an executor of {cores} cores, but {least.name} has {least.vcpus} vCPUs",
                fix=f"Write at most {max(1, least.vcpus - 1)}, which leaves one to the system, or choose a larger type.",
            )


def check_idle_vcpus(context: Context) -> Iterator[RuleViolation]:
    """Executors use the vCPUs of their nodes, as far as another size would."""
    for step in _steps(context):
        request = executor_request(step.properties)
        better = better_setting(step.cluster, request)
        if better is None or request.cores is None or request.container_mb is None:
            continue
        node, vcpus = step.node, step.node.type.vcpus
        now = use_of(node, request.container_mb, request.cores)
        yield RuleViolation(
            path=_path_of(step, "executor_cores"),
            message=f"{now.idle_vcpus} of {vcpus} vCPUs of each {node.type.name} stay idle: {node.yarn_mb} MB for YARN hold "
            f"{_count(now.executors, 'executor')} of {request.container_mb} MB (with overhead) and {_count(request.cores, 'core')}",
            fix=f"Write executor_cores: {better.size.cores} and executor_memory: {memory_text(better.size.memory_mb)}, "
            f"of which {better.use.executors} fit and leave {better.use.idle_vcpus} idle; or executors: auto.",
        )


def check_driver_memory(context: Context) -> Iterator[RuleViolation]:
    """The driver fits where it runs: in deploy mode cluster on a worker, else on the primary beside EMR's own daemons."""
    for step in _steps(context):
        needs, heap = driver_container_mb(step.properties), driver_memory_mb(step.properties)
        node, room, what = _driver_place(step)
        if needs > room:
            yield RuleViolation(
                path=_path_of(step, "driver_memory"),
                message=f"the driver needs {needs} MB ({heap} MB and {needs - heap} MB of overhead), but {node.type.name} has {room} MB for {what}",
                fix="Lower driver_memory, or choose a larger type.",
            )


def _driver_place(step: _SparkStep) -> tuple[Node, int, str]:
    """The node on which the step's driver runs, what it has for it, and what that is for."""
    primary = _smallest_primary(step.cluster)
    if step.spark.deploy_mode == "cluster" or primary is None:
        return step.node, step.node.container_limit_mb, "a container of YARN"
    return primary, primary.type.yarn_mb, "programs on the primary"


def check_client_drivers(context: Context) -> Iterator[RuleViolation]:
    """Drivers in client mode that may run at once fit on the primary together."""
    steps = [step for step in _steps(context) if step.spark.deploy_mode == "client"]
    primary = _smallest_primary(steps[0].cluster) if steps else None
    at_once = min(len(steps), context.spec.cluster.step_concurrency or 1)
    if primary is None or at_once < 2:
        return
    largest = sorted((driver_container_mb(step.properties) for step in steps), reverse=True)[:at_once]
    room = primary.type.yarn_mb
    if sum(largest) > room:
        yield RuleViolation(
            path=("cluster", "primary"),
            message=f"{at_once} drivers in client mode may run at once and need {sum(largest)} MB, but {primary.type.name} has {room} MB for programs on the primary",
            fix="Choose a larger type, a lower step_concurrency, or deploy_mode: cluster.",
        )


def check_auto(context: Context) -> Iterator[RuleViolation]:
    """`executors: auto` knows the nodes, has room on them, and nothing else chooses what it chooses."""
    cluster = nodes_of_spec(context.spec.cluster, context.resolve)
    for path, step in context.steps():
        spark = step.spark
        if spark is None or spark.executors != AUTO:
            continue
        for key in _CHOSEN_BY_AUTO:
            name = PROPERTY_OF_KEY[key]
            has_key = getattr(spark, key) not in (None, AUTO)
            if has_key or name in spark.conf:
                where = key if has_key else name
                yield RuleViolation(
                    path=(*path, "spark", *((key,) if where == key else ("conf", name))),
                    message=f"{where} beside executors: auto, which chooses it",
                    fix=f"Remove {where}, or write a number of executors, or leave executors out.",
                    at_key=True,
                )
        reason = _why_not_auto(context, cluster, spark)
        if reason:
            yield RuleViolation(
                path=(*path, "spark", "executors"),
                message=f"executors: auto, but {reason[0]}",
                fix=reason[1],
            )


def _why_not_auto(context: Context, cluster: ClusterNodes | None, spark: SparkSpec) -> tuple[str, str] | None:
    """Why executors cannot be sized, and what to do about it."""
    by_hand = "Write executor_memory and executor_cores instead."
    if is_long_running(context):
        return "the instance types of a running cluster are not known here", by_hand
    if cluster is None:
        return "overrides replace the instances or configurations that it goes by", by_hand
    if cluster.unknown:
        names = ", ".join(dict.fromkeys(cluster.unknown))
        return f"the table of {instance_catalog().as_of} has no {names}", by_hand
    properties = properties_of(spark, cluster.spark_defaults, context.resolve)
    if cluster.smallest is not None and choose_executors(cluster, properties, spark.deploy_mode) is None:
        least = "Lower driver_memory or the overhead, or choose a larger type."
        return "no node has room for the driver and an executor", least
    return None


def _steps(context: Context) -> Iterator[_SparkStep]:
    cluster = nodes_of_spec(context.spec.cluster, context.resolve)
    node = cluster.smallest if cluster else None
    if cluster is None or node is None:
        return
    for path, step in context.steps():
        if step.spark is not None:
            yield _SparkStep(
                path=(*path, "spark"),
                spark=step.spark,
                properties=properties_of(step.spark, cluster.spark_defaults, context.resolve),
                cluster=cluster,
                node=node,
            )


def _path_of(step: _SparkStep, key: str) -> Path:
    """Where the value stands: the key, the property in conf, or (it comes from the cluster) the whole spark step."""
    if getattr(step.spark, key) is not None:
        return (*step.path, key)
    name = PROPERTY_OF_KEY[key]
    return (*step.path, "conf", name) if name in step.spark.conf else step.path


def _smallest_primary(cluster: ClusterNodes) -> Node | None:
    return min(cluster.primary.nodes, key=lambda node: node.type.memory_mb, default=None)


def _sum(memory_mb: int, overhead: Overhead) -> str:
    """A container's memory with its parts."""
    parts = f"{memory_mb} MB and {overhead.beside(memory_mb)} MB of overhead"
    extra = f" and {overhead.extra_mb} MB of its own for Python or off-heap" if overhead.extra_mb else ""
    return f"{overhead.container_mb(memory_mb)} MB ({parts}{extra})"


def _room(node: Node) -> str:
    if node.container_limit_mb < node.yarn_mb:
        return f"yarn.scheduler.maximum-allocation-mb is {node.container_limit_mb}"
    return f"{node.type.name}, the smallest of its nodes, has {node.yarn_mb} MB for YARN"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""Puts numbers in the place of `executors: auto`. Pure; what they are is decided in `pipeline_spec.executor_choice`."""

from __future__ import annotations

from collections.abc import Callable

from emr_pipelines.pipeline_spec.models.cluster import ClusterSpec
from emr_pipelines.pipeline_spec.models.pipeline import StepSpec
from emr_pipelines.pipeline_spec.sizing.cluster_nodes import nodes_of_spec
from emr_pipelines.pipeline_spec.sizing.executor_choice import AUTO, choose_executors
from emr_pipelines.pipeline_spec.sizing.executor_sizes import memory_text
from emr_pipelines.pipeline_spec.sizing.spark_requests import OVERHEAD_PROPERTIES, executor_request, properties_of

_MAXIMUM_PROPERTY = "spark.dynamicAllocation.maxExecutors"


def with_sized_executors(step: StepSpec, cluster: ClusterSpec, resolve: Callable[[str], str]) -> StepSpec:
    """The step with sizes and a number (with dynamic allocation a maximum) of executors; any other step as it is.

    Expects a spec that the loader has checked: executors that cannot be sized are an error there.
    """
    spark, nodes = step.spark, nodes_of_spec(cluster, resolve)
    if spark is None or spark.executors != AUTO or nodes is None:
        return step
    properties = properties_of(spark, nodes.spark_defaults, resolve)
    choice = choose_executors(nodes, properties, spark.deploy_mode)
    if choice is None:
        return step
    is_dynamic = executor_request(properties).is_dynamic
    # The overhead is spelled out, so that the sum is right on a release with another factor too.
    sized = {OVERHEAD_PROPERTIES[0]: f"{choice.overhead_mb}M"}
    if is_dynamic:
        sized[_MAXIMUM_PROPERTY] = str(choice.maximum)
    own = {
        "executors": None if is_dynamic else choice.executors,
        "executor_cores": choice.size.cores,
        "executor_memory": memory_text(choice.size.memory_mb),
        "conf": {**sized, **spark.conf},
    }
    return step.model_copy(update={"spark": spark.model_copy(update=own)})

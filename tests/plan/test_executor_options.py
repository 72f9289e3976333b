"""`executors: auto` becomes numbers in the request, and they fit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.sizing_report.cluster_sizing import size_cluster

PlanText = Callable[[str], Plan]


def submitted(plan_text: PlanText, cluster: str, spark: str = "") -> list[str]:
    """The words of spark-submit between the application's name and the program."""
    step = f"{{name: clean, spark: {{script: include/jobs/clean.py, executors: auto{', ' if spark else ''}{spark}}}}}"
    plan = plan_text(f"cluster: {{{cluster}}}\nsteps:\n  - {step}\n")
    words: list[str] = plan.steps[0].request["HadoopJarStep"]["Args"]
    return words[words.index("--name") + 2 : words.index("--py-files") if "--py-files" in words else -1]


def test_sizes_and_a_maximum_with_dynamic_allocation(plan_text: PlanText) -> None:
    words = submitted(plan_text, "core: {instances: [m5.2xlarge], on_demand: 11}")
    assert words == [
        "--executor-memory", "10G", "--executor-cores", "3",
        "--conf", "spark.dynamicAllocation.maxExecutors=21", "--conf", "spark.executor.memoryOverhead=1920M",
    ]  # fmt: skip


def test_sizes_and_a_number_without_dynamic_allocation(plan_text: PlanText) -> None:
    off = "configurations: [{classification: spark-defaults, properties: {spark.dynamicAllocation.enabled: false}}]"
    words = submitted(plan_text, f"core: {{instances: [m5.2xlarge], on_demand: 11}}, {off}")
    assert words == [
        "--num-executors", "21", "--executor-memory", "10G", "--executor-cores", "3",
        "--conf", "spark.executor.memoryOverhead=1920M",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cluster", "memory", "cores", "maximum"),
    [
        # The smallest type of all fleets decides.
        ("core: {instances: [m5.4xlarge], on_demand: 2}, task: {instances: [m5.2xlarge, m6i.2xlarge], spot: 4}", "9728M", "3", 15),
        ("core: {instances: [m5.2xlarge], on_demand: 2}, managed_scaling: {minimum: 2, maximum: 10}", "10G", "3", 19),
        # One place only: the driver gets its part of it first.
        ("core: {instances: [m5.xlarge], on_demand: 1}", "8192M", "3", 1),
        ("core: {instances: [m5.xlarge], on_demand: 3}", "10G", "3", 2),
        ("primary: {instances: [m5.4xlarge]}", "15872M", "5", 2),
    ],
)  # fmt: skip
def test_sizes_by_the_nodes(plan_text: PlanText, cluster: str, memory: str, cores: str, maximum: int) -> None:
    words = submitted(plan_text, cluster)
    assert words[:4] == ["--executor-memory", memory.replace("8192M", "8G"), "--executor-cores", cores]
    assert f"spark.dynamicAllocation.maxExecutors={maximum}" in words


def test_a_large_driver_takes_more_than_one_place(plan_text: PlanText) -> None:
    words = submitted(plan_text, "core: {instances: [m5.2xlarge], on_demand: 3}", "driver_memory: 16G")
    assert "spark.dynamicAllocation.maxExecutors=4" in words


def test_what_the_step_says_itself_stays(plan_text: PlanText) -> None:
    conf = "conf: {spark.executor.memoryOverhead: 4g, spark.dynamicAllocation.maxExecutors: 2}"
    words = submitted(plan_text, "core: {instances: [m5.2xlarge], on_demand: 3}", conf)
    assert words == [
        "--executor-memory", "8G", "--executor-cores", "3",
        "--conf", "spark.dynamicAllocation.maxExecutors=2", "--conf", "spark.executor.memoryOverhead=4g",
    ]  # fmt: skip


def test_the_environments_values_count(plan_text: PlanText) -> None:
    # `partitions` is 8 in the environment: 8 GiB of overhead.
    words = submitted(
        plan_text,
        "core: {instances: [m5.2xlarge], on_demand: 3}",
        'conf: {spark.executor.memoryOverhead: "${env.partitions}g"}',
    )
    assert words[:2] == ["--executor-memory", "4G"]


@pytest.mark.parametrize(
    "kind", ["m5.xlarge", "m5.2xlarge", "m6g.4xlarge", "r7g.8xlarge", "c7i.24xlarge", "i3en.3xlarge"]
)
@pytest.mark.parametrize("count", [1, 2, 7])
def test_what_is_chosen_fits_with_the_driver_and_cannot_be_bettered(plan_text: PlanText, kind: str, count: int) -> None:
    cluster = f"cluster: {{core: {{instances: [{kind}], on_demand: {count}}}}}"
    step = "{name: clean, spark: {script: include/jobs/clean.py, executors: auto}}"
    report = size_cluster(plan_text(f"{cluster}\nsteps:\n  - {step}\n"))
    [sized], core = report.steps, report.nodes[1]
    assert sized.container_mb is not None
    assert sized.most_executors is not None
    assert sized.most_executors >= 1
    assert sized.container_mb * sized.most_executors + sized.driver_container_mb <= core.yarn_mb * count
    assert sized.better is None

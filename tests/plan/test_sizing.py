"""The sizing report of a plan: what its cluster has, and what its executors make of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import pytest

from emr_pipelines.errors import SpecError
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.sizing_report.cluster_sizing import (
    ExecutorsOnNode,
    NodeSizing,
    SizingReport,
    StepSizing,
    SuggestedSize,
    size_cluster,
)
from emr_pipelines.plan.sizing_report.sizing_rows import sizing_rows

PlanText = Callable[[str], Plan]


def report_of(plan_text: PlanText, cluster: str, spark: str = "") -> SizingReport:
    step = f"{{name: clean, spark: {{script: include/jobs/clean.py{', ' if spark else ''}{spark}}}}}"
    return size_cluster(plan_text(f"cluster: {{{cluster}}}\nsteps:\n  - {step}\n"))


def step_of(plan_text: PlanText, cluster: str, spark: str = "") -> StepSizing:
    [step] = report_of(plan_text, cluster, spark).steps
    return step


def test_the_older_systems_setting(plan_text: PlanText) -> None:
    cluster = "core: {instances: [m5.2xlarge], on_demand: 1}, task: {instances: [m5.2xlarge], spot: 10}"
    report = report_of(plan_text, cluster, "executor_memory: 18G, executor_cores: 4")
    assert report.nodes == (
        NodeSizing(part="primary", instance_type="m5.xlarge", count=1, most=1, vcpus=4, yarn_mb=12288),
        NodeSizing(part="core", instance_type="m5.2xlarge", count=1, most=1, vcpus=8, yarn_mb=24576),
        NodeSizing(part="task", instance_type="m5.2xlarge", count=10, most=10, vcpus=8, yarn_mb=24576),
    )
    use = {"executors": 1, "memory_used_mb": 21888, "memory_free_mb": 2688, "idle_vcpus": 4}
    assert report.steps == (
        StepSizing(
            step="clean",
            executor_cores=4,
            executor_memory_mb=18432,
            overhead_mb=3456,
            container_mb=21888,
            driver_container_mb=2432,
            # One on each node: the driver has room beside an executor.
            total_executors=11,
            most_executors=11,
            nodes=(
                ExecutorsOnNode(part="core", instance_type="m5.2xlarge", **use),
                ExecutorsOnNode(part="task", instance_type="m5.2xlarge", **use),
            ),
            better=SuggestedSize(executor_cores=3, executor_memory="10G", executors_per_node=2, idle_vcpus=2),
        ),
    )


def test_weights_divide_the_units_of_a_fleet(plan_text: PlanText) -> None:
    cluster = "core: {instances: [m5.2xlarge, {type: m5.4xlarge, weight: 2}], on_demand: 5}"
    report = report_of(plan_text, cluster, "executor_memory: 10G, executor_cores: 3")
    assert [(node.instance_type, node.count) for node in report.nodes[1:]] == [("m5.2xlarge", 5), ("m5.4xlarge", 3)]
    # Five nodes with two each, or three with four each: ten are certain, and one place is the driver's.
    assert report.steps[0].total_executors == 9


def test_groups_with_autoscaling_grow_to_their_maximum(plan_text: PlanText) -> None:
    rule = "{name: more, metric: YARNMemoryAvailablePercentage, comparison: less_than, threshold: 15, change: 1}"
    cluster = (
        "primary: {instance: m5.xlarge}, core: {instance: m5.2xlarge, count: 2}, "
        f"task: {{instance: m5.2xlarge, count: 1, autoscaling: {{minimum: 0, maximum: 8, rules: [{rule}]}}}}"
    )
    report = report_of(plan_text, cluster, "executor_memory: 10G, executor_cores: 3")
    assert [(node.part, node.count, node.most) for node in report.nodes] == [
        ("primary", 1, 1),
        ("core", 2, 2),
        ("task", 1, 8),
    ]
    assert (report.steps[0].total_executors, report.steps[0].most_executors) == (5, 19)


@pytest.mark.parametrize(
    ("cluster", "most"),
    [
        ("core: {instances: [m5.2xlarge], on_demand: 2}, managed_scaling: {minimum: 2, maximum: 10}", 19),
        (
            "core: {instances: [m5.2xlarge], on_demand: 1}, task: {instances: [m5.2xlarge], spot: 1}, "
            "managed_scaling: {minimum: 2, maximum: 10}",
            19,
        ),
        (
            "primary: {instance: m5.xlarge}, core: {instance: m5.2xlarge, count: 2}, "
            "managed_scaling: {minimum: 16, maximum: 80, unit: vcpu}",
            19,
        ),
    ],
)
def test_managed_scaling_limits_all_workers_together(plan_text: PlanText, cluster: str, most: int) -> None:
    step = step_of(plan_text, cluster, "executor_memory: 10G, executor_cores: 3")
    assert (step.total_executors, step.most_executors) == (3, most)


@pytest.mark.parametrize(
    ("spark", "total"),
    [
        ("conf: {spark.dynamicAllocation.maxExecutors: 3}", 3),
        ("executors: 2", 5),
        ("executors: 2, conf: {spark.dynamicAllocation.enabled: false}", 2),
        ("driver_memory: 12G", 4),
        ("deploy_mode: client", 5),
    ],
)
def test_no_more_executors_than_the_step_asks_for(plan_text: PlanText, spark: str, total: int) -> None:
    cluster = "core: {instances: [m5.2xlarge], on_demand: 3}"
    step = step_of(plan_text, cluster, f"executor_memory: 10G, executor_cores: 3, {spark}")
    assert step.total_executors == total


def test_settings_of_the_cluster_count_where_the_step_says_nothing(plan_text: PlanText) -> None:
    defaults = "properties: {spark.executor.memory: 6g, spark.executor.cores: 2, spark.executor.memoryOverhead: 2g}"
    cluster = f"core: {{instances: [m5.2xlarge], on_demand: 3}}, configurations: [{{classification: spark-defaults, {defaults}}}]"
    step = step_of(plan_text, cluster)
    assert (step.executor_cores, step.executor_memory_mb, step.container_mb) == (2, 6144, 8192)
    own = step_of(plan_text, cluster, "executor_memory: 10G")
    assert (own.executor_cores, own.executor_memory_mb, own.container_mb) == (2, 10240, 12288)


def test_what_is_left_to_emr_is_not_guessed(plan_text: PlanText) -> None:
    step = step_of(plan_text, "core: {instances: [m5.2xlarge], on_demand: 3}")
    assert (step.executor_cores, step.executor_memory_mb, step.total_executors, step.nodes) == (None, None, None, ())


def test_a_type_that_is_not_known_is_named_and_nothing_is_counted(plan_text: PlanText) -> None:
    cluster = "core: {instances: [m5.2xlarge, m99.2xlarge], on_demand: 3}"
    report = report_of(plan_text, cluster, "executor_memory: 10G, executor_cores: 3")
    assert report.unknown_types == ("m99.2xlarge",)
    assert report.steps[0].total_executors is None


def test_a_cluster_of_one_node_runs_executors_on_it(plan_text: PlanText) -> None:
    report = report_of(plan_text, "primary: {instances: [m5.2xlarge]}", "executor_memory: 4G, executor_cores: 2")
    assert [node.part for node in report.nodes] == ["primary"]
    assert report.steps[0].total_executors == 4


def test_a_running_cluster_is_not_known(plan_text: PlanText) -> None:
    report = report_of(plan_text, "name: shared")
    assert (report.note, report.nodes, report.steps) == (
        "The cluster runs already; its nodes are not known here.",
        (),
        (),
    )
    assert sizing_rows(report) == ()


@pytest.mark.parametrize(
    "overrides",
    [
        "{Instances: {InstanceFleets: 7}}",
        "{Instances: {InstanceFleets: [x, {InstanceTypeConfigs: [{WeightedCapacity: many}]}]}}",
        "{Configurations: {a: b}, ManagedScalingPolicy: []}",
        "{Configurations: [{Classification: yarn-site, Properties: 3}]}",
    ],
)
def test_odd_overrides_never_come_as_far_as_a_plan(plan_text: PlanText, overrides: str) -> None:
    with pytest.raises(SpecError, match=r"cluster\.overrides\."):
        report_of(plan_text, f"overrides: {overrides}")


def test_overrides_are_what_counts(plan_text: PlanText) -> None:
    group = "{InstanceRole: CORE, InstanceType: r5.4xlarge, InstanceCount: 2, Market: ON_DEMAND}"
    cluster = f"primary: {{instance: m5.xlarge}}, overrides: {{Instances: {{InstanceGroups: [{group}]}}}}"
    report = report_of(plan_text, cluster)
    assert [(node.part, node.instance_type, node.count) for node in report.nodes] == [("core", "r5.4xlarge", 2)]


def test_the_report_is_json_and_tables(plan_text: PlanText) -> None:
    cluster = "core: {instances: [m5.2xlarge], on_demand: 2}, managed_scaling: {minimum: 2, maximum: 4}"
    report = report_of(plan_text, cluster, "executor_memory: 18G, executor_cores: 4")
    assert json.loads(json.dumps(asdict(report)))["as_of"] == report.as_of
    nodes, executors, uses = sizing_rows(report)
    assert nodes.rows[1] == ("core", "m5.2xlarge", "2 to 4", "8", "24576")
    assert executors.rows == (("clean", "4", "18432", "3456", "2", "4", "2432", "2 x 3 cores, 10G: 2 idle"),)
    assert uses.rows == (("clean", "core", "m5.2xlarge", "1", "21888", "2688", "4"),)
    assert all(len(row) == len(table.columns) for table in (nodes, executors, uses) for row in table.rows)

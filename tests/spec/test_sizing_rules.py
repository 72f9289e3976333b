"""What `validate` says about executors and instances, and what it leaves alone. The wording is in the goldens `bad/sizing_*`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.loader import check_pipeline

Check = Callable[..., list[Problem]]
REPOSITORY = Path(__file__).resolve().parents[2]
SIZING_RULES = {
    "executor-memory", "executor-cores", "driver-memory", "executors-auto", "idle-vcpus", "client-drivers",
    "instance-type-known", "burstable-type", "spot-part", "primary-memory",
}  # fmt: skip


def found(check: Check, cluster: str, spark: str = "") -> list[str]:
    """The sizing rules that a cluster of one spark step breaks."""
    step = f"{{name: clean, spark: {{script: include/jobs/clean.py{', ' if spark else ''}{spark}}}}}"
    problems = check(f"cluster: {{primary: {{instances: [m5.xlarge]}}, {cluster}}}\nsteps:\n  - {step}\n")
    return [problem.rule for problem in problems if problem.rule in SIZING_RULES]


def test_the_older_systems_setting_leaves_half_the_vcpus_idle(check: Check) -> None:
    problems = check(
        "cluster: {primary: {instances: [m5.xlarge]}, core: {instances: [m5.2xlarge], on_demand: 11}}\n"
        "steps:\n  - {name: clean, spark: {script: include/jobs/clean.py, executor_memory: 18G, executor_cores: 4}}\n"
    )
    [warning] = problems
    assert (warning.rule, warning.severity) == ("idle-vcpus", "warning")
    assert warning.message == (
        "4 of 8 vCPUs of each m5.2xlarge stay idle: 24576 MB for YARN hold 1 executor of 21888 MB (with overhead) and 4 cores"
    )
    assert warning.fix.startswith("Write executor_cores: 3 and executor_memory: 10G, of which 2 fit and leave 2 idle")


@pytest.mark.parametrize(
    ("spark", "rules"),
    [
        ("executor_memory: 10G, executor_cores: 3", []),
        ("executor_memory: 20G", []),
        ("executor_memory: 21G", ["executor-memory"]),
        ("executor_memory: 21G, conf: {spark.executor.memoryOverhead: 3g}", []),
        ("executor_memory: 21G, conf: {spark.executor.memoryOverheadFactor: 0.1}", []),
        ("executor_memory: 19G, conf: {spark.executor.pyspark.memory: 3g}", ["executor-memory"]),
        ("conf: {spark.executor.memory: 21g}", ["executor-memory"]),
        ("executor_memory: 10G, conf: {spark.executor.memory: 21g}", []),
        ("executor_cores: 8", []),
        ("executor_cores: 9", ["executor-cores"]),
        ("driver_memory: 21G", []),
        ("driver_memory: 22G", ["driver-memory"]),
        ("deploy_mode: client, driver_memory: 10G", []),
        ("deploy_mode: client, driver_memory: 12G", ["driver-memory"]),
        ("executors: auto", []),
        ("executors: 4", []),
        ('conf: {spark.executor.memory: "${env.partitions}g"}', []),
        ("executor_memory: 5G, executor_cores: 1", ["idle-vcpus"]),
    ],
)
def test_executors_on_m5_2xlarge(check: Check, spark: str, rules: list[str]) -> None:
    assert found(check, "core: {instances: [m5.2xlarge], on_demand: 2}", spark) == rules


@pytest.mark.parametrize(
    ("cluster", "rules"),
    [
        ("core: {instances: [r5.2xlarge], on_demand: 2}", []),
        ("core: {instances: [m5.4xlarge, m5.2xlarge], on_demand: 2}", ["executor-memory"]),
        (
            "core: {instances: [r5.2xlarge], on_demand: 1}, task: {instances: [m5.2xlarge], spot: 9}",
            ["executor-memory"],
        ),
        ("core: {instances: [r5.2xlarge], on_demand: 2}, applications: [HBase, Spark]", ["executor-memory"]),
        (
            "core: {instances: [m5.2xlarge], on_demand: 2}, "
            "configurations: [{classification: yarn-site, properties: {yarn.nodemanager.resource.memory-mb: 32768}}]",
            [],
        ),
        (
            "core: {instances: [m5.2xlarge], on_demand: 2, "
            "configurations: [{classification: yarn-site, properties: {yarn.nodemanager.resource.memory-mb: 32768}}]}",
            [],
        ),
        (
            "core: {instances: [r5.2xlarge], on_demand: 2}, "
            "configurations: [{classification: spark-defaults, properties: {spark.executor.memoryOverhead: 50g}}]",
            ["executor-memory"],
        ),
        ("core: {instances: [m5.2xlarge], on_demand: 2}, overrides: {Instances: {InstanceFleets: []}}", []),
    ],
)
def test_where_an_executor_of_24g_fits(check: Check, cluster: str, rules: list[str]) -> None:
    assert found(check, cluster, "executor_memory: 24G") == rules


def test_where_an_executor_of_24g_fits_in_groups(check: Check) -> None:
    cluster = "cluster: {primary: {instance: m5.xlarge}, core: {instance: m5.2xlarge, count: 2}}\n"
    step = "{name: clean, spark: {script: include/jobs/clean.py, executor_memory: 24G}}"
    assert [problem.rule for problem in check(f"{cluster}steps:\n  - {step}\n")] == ["executor-memory"]


@pytest.mark.parametrize(
    ("cluster", "rules"),
    [
        ("core: {instances: [m5.xlarge], on_demand: 2}, task: {instances: [m5.xlarge], spot: 9}", []),
        ("core: {instances: [m5.xlarge], on_demand: 1, spot: 1}", ["spot-part"]),
        ("core: {instances: [m5.xlarge], on_demand: 1, spot: 1, spot_loss: accept}", []),
        (
            "core: {instances: [m5.xlarge], on_demand: 1}, task: {instances: [m99.xlarge], spot: 1}",
            ["instance-type-known"],
        ),
        ("core: {instances: [t3.xlarge], on_demand: 1}", ["burstable-type"]),
        ("core: {instances: [m5.xlarge], on_demand: 50}", []),
        ("core: {instances: [m5.xlarge], on_demand: 51}", ["primary-memory"]),
        ("core: {instances: [{type: m5.2xlarge, weight: 2}], on_demand: 100}", []),
        (
            "core: {instances: [m5.xlarge], on_demand: 2}, task: {instances: [m5.xlarge], spot: 9}, "
            "managed_scaling: {minimum: 2, maximum: 50}",
            [],
        ),
        (
            "core: {instances: [m5.xlarge], on_demand: 2}, managed_scaling: {minimum: 2, maximum: 60}",
            ["primary-memory"],
        ),
    ],
)
def test_advice_about_instances(check: Check, cluster: str, rules: list[str]) -> None:
    assert found(check, cluster) == rules


def test_overrides_leave_auto_without_ground(check: Check) -> None:
    problems = check(
        "cluster: {primary: {instances: [m5.xlarge]}, overrides: {Configurations: []}}\n"
        "steps:\n  - {name: clean, spark: {script: include/jobs/clean.py, executors: auto}}\n"
    )
    assert [problem.message for problem in problems] == [
        "executors: auto, but overrides replace the instances or configurations that it goes by"
    ]


@pytest.mark.parametrize("name", sorted(file.stem for file in (REPOSITORY / "config" / "pipelines").glob("*.yaml")))
def test_the_samples_are_well_sized(name: str) -> None:
    file = REPOSITORY / "config" / "pipelines" / f"{name}.yaml"
    problems = check_pipeline(file, environment="aws", project_root=REPOSITORY)
    assert [problem for problem in problems if problem.rule in SIZING_RULES] == []

"""How the cluster of an environment and that of a pipeline become one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.loader import LoadedSpec
from emr_pipelines.pipeline_spec.models.cluster import ClusterSpec

STEPS = "steps:\n  - {name: clean, command: [echo, hi]}\n"
ENVIRONMENT = """name: test
connection: {id: aws_default}
region: us-east-1
bucket: s3://test-bucket
data: s3://test-bucket/data
logs: s3://test-bucket/logs
cluster:
  release: emr-7.13.0
  idle_timeout: 15m
  applications: [Spark, Hive]
  tags: {team: data, cost: shared}
  primary: {instances: [m5.xlarge]}
  core: {instances: [m5.xlarge, m5a.xlarge], on_demand: 2, ebs: {size_gb: 100}}
  configurations:
    - {classification: yarn-site, properties: {yarn.acl.enable: false}}
    - {classification: spark-defaults, properties: {spark.memory.fraction: 0.6, spark.eventLog.enabled: true}}
    - {classification: spark-env, configurations: [{classification: export, properties: {A: environment, B: environment}}]}
"""


@pytest.fixture
def merged(project: Path, load: Callable[..., LoadedSpec]) -> Callable[[str], ClusterSpec]:
    """The cluster of a pipeline, from its text, in an environment with many defaults."""
    (project / "config/environments/test.yaml").write_text(ENVIRONMENT, encoding="utf-8")
    return lambda cluster: load(f"cluster: {cluster}\n{STEPS}", "test").spec.cluster


Merged = Callable[[str], ClusterSpec]


def test_maps_merge_and_scalars_replace(merged: Merged) -> None:
    cluster = merged("{idle_timeout: 1h, tags: {cost: mine}}")
    assert cluster.idle_timeout == "1h"
    assert cluster.tags == {"team": "data", "cost": "mine"}
    assert cluster.release == "emr-7.13.0"


def test_lists_replace(merged: Merged) -> None:
    assert merged("{applications: [Spark]}").applications == ["Spark"]


def configurations_of(cluster: ClusterSpec) -> dict[str, dict[str, object]]:
    configurations = cluster.configurations or []
    assert len({one.classification for one in configurations}) == len(configurations)
    return {one.classification: dict(one.properties) for one in configurations}


def test_configurations_merge_by_classification_and_property(merged: Merged) -> None:
    cluster = merged(
        "{configurations: [{classification: hdfs-site}, {classification: spark-defaults, properties: {spark.memory.fraction: 0.8, spark.cores.max: 4}}]}"
    )
    assert configurations_of(cluster) == {
        "hdfs-site": {},
        "spark-defaults": {"spark.memory.fraction": 0.8, "spark.cores.max": 4, "spark.eventLog.enabled": True},
        "yarn-site": {"yarn.acl.enable": False},
        "spark-env": {},
    }


def test_nested_configurations_merge_too(merged: Merged) -> None:
    own = "{classification: spark-env, configurations: [{classification: export, properties: {B: mine}}]}"
    cluster = merged(f"{{configurations: [{own}]}}")
    spark_env = next(one for one in cluster.configurations or [] if one.classification == "spark-env")
    assert [one.properties for one in spark_env.configurations] == [{"A": "environment", "B": "mine"}]


def test_null_takes_all_configurations_away(merged: Merged) -> None:
    assert merged("{configurations: null}").configurations is None


def test_configurations_of_a_part_merge_as_those_of_the_cluster(project: Path, load: Callable[..., LoadedSpec]) -> None:
    with_part = ENVIRONMENT.replace(
        "ebs: {size_gb: 100}",
        "configurations: [{classification: hdfs-site, properties: {dfs.replication: 2, dfs.blocksize: 64}}]",
    )
    (project / "config/environments/test.yaml").write_text(with_part, encoding="utf-8")
    own = "{core: {configurations: [{classification: hdfs-site, properties: {dfs.replication: 1}}]}}"
    core = load(f"cluster: {own}\n{STEPS}", "test").spec.cluster.core
    assert core is not None
    assert [one.properties for one in core.configurations or []] == [{"dfs.replication": 1, "dfs.blocksize": 64}]


def test_problems_of_merged_configurations_point_to_where_they_stand(
    project: Path, check: Callable[..., list[Problem]]
) -> None:
    twice = ENVIRONMENT + "    - {classification: spark-defaults, properties: {spark.cores.max: 1}}\n"
    secret = twice.replace("B: environment", 'B: "${env.nothing}"')
    (project / "config/environments/test.yaml").write_text(secret, encoding="utf-8")
    problems = check(
        'cluster:\n  configurations:\n    - {classification: spark-env, configurations: [{classification: export, properties: {C: "${env.none}"}}]}\n'
        f"    - {{classification: spark-defaults}}\n{STEPS}",
        "test",
    )
    assert [(one.file, one.line, one.path.rpartition(".")[2]) for one in problems] == [
        ("config/environments/test.yaml", 17, "B"),
        ("config/environments/test.yaml", 18, "classification"),
        ("config/pipelines/test.yaml", 4, "C"),
    ]


def test_a_part_of_the_same_form_merges(merged: Merged) -> None:
    core = merged("{core: {on_demand: 5}}").core
    assert core is not None
    assert core.ebs is not None
    assert (core.on_demand, core.instances, core.ebs.size_gb) == (5, ["m5.xlarge", "m5a.xlarge"], 100)


def test_a_part_of_the_other_form_replaces_the_whole_part(merged: Merged) -> None:
    cluster = merged("{primary: {instance: m5.xlarge}, core: {instance: r5.xlarge, count: 3}}")
    assert cluster.core == ClusterSpec.model_validate({"core": {"instance": "r5.xlarge", "count": 3}}).core


def test_null_takes_a_default_away(merged: Merged) -> None:
    assert merged("{core: null}").core is None


@pytest.mark.parametrize("cluster", ["{id: j-ABC}", "{name: etl}"])
def test_a_long_running_cluster_takes_no_defaults(merged: Merged, cluster: str) -> None:
    assert merged(cluster).model_dump(exclude_none=True).keys() <= {"id", "name"}


def test_problems_of_defaults_point_into_the_environment(project: Path, check: Callable[..., list[Problem]]) -> None:
    bad = ENVIRONMENT.replace("on_demand: 2", "on_demand: 0")
    (project / "config/environments/test.yaml").write_text(bad, encoding="utf-8")
    problems = check(f"cluster: {{}}\n{STEPS}", "test")
    assert [(problem.file, problem.line) for problem in problems] == [("config/environments/test.yaml", 13)]

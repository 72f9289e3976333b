"""How the cluster of an environment and that of a pipeline become one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emr_pipelines.errors import Problem
from emr_pipelines.spec.cluster_models import ClusterSpec
from emr_pipelines.spec.loader import LoadedSpec

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

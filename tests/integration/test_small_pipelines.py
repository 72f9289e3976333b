"""Small pipelines of command steps through the whole path: branches with a fan-in, and a step that takes too long."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.conftest import live_clusters
from tests.integration.conftest import run_tool

pytestmark = pytest.mark.xdist_group("airflow")

CLUSTER = "{primary: {instances: [m5.xlarge]}, step_concurrency: 2}"
BRANCHES = """
name: branches
cluster: %s
steps:
  - {name: left, spark: {script: include/say.py}, args: [left], output: text}
  - {name: right, spark: {script: include/say.py}, args: [right], output: text}
  - {name: join, command: [hadoop, fs, -cat, "${steps.left.output}/part-00000", "${steps.right.output}/part-00000"]}
"""
SAY = """
import sys
from pyspark import SparkContext
_, _, output, word = sys.argv
SparkContext.getOrCreate().parallelize([f"from the {word}"], 1).saveAsTextFile(output)
"""
SLOW = """
name: slow
cluster: %s
steps:
  - {name: sleep, command: [sleep, 300], timeout: 5s}
"""
SCRIPTS = """
name: scripts
cluster: %s
steps:
  - {name: after_bash, command: [bash, include/greet.sh, the moon], args: [2]}
  - {name: alone, command: [include/greet.sh, the sun]}
"""
GREET = '#!/usr/bin/env bash\nset -eu\nprintf \'hello %s %s\\n\' "$1" "${2:-1}"\n'


@pytest.fixture
def run_pipeline(project: Path, airflow_variables: dict[str, str]) -> Callable[[str, str], CompletedProcess[str]]:
    def run(name: str, spec: str) -> CompletedProcess[str]:
        (project / "config" / "pipelines" / f"{name}.yaml").write_text(spec)
        (project / "dags" / f"{name}.py").write_text((project / "dags" / "word_clouds.py").read_text())
        return run_tool(project, airflow_variables, "run", name)

    return run


def steps_of(api: EmrApi, pipeline: str) -> dict[str, Any]:
    """The steps of the pipeline's one cluster, by their names in the spec."""
    clusters = api.read.list_clusters()["Clusters"]
    (cluster,) = [c["Id"] for c in clusters if c["Name"].startswith(f"emr-pipelines/{pipeline}/")]
    return {
        step["Name"].split()[0]: {**step, "Cluster": cluster}
        for step in api.read.list_steps(ClusterId=cluster)["Steps"]
    }


@pytest.mark.slow
def test_two_branches_feed_one_step(
    run_pipeline: Callable[[str, str], CompletedProcess[str]], api: EmrApi, s3: Any, project: Path
) -> None:
    (project / "include" / "say.py").write_text(SAY)
    finished = run_pipeline("branches", BRANCHES % CLUSTER)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    join = steps_of(api, "branches")["join"]
    key = f"logs/{join['Cluster']}/steps/{join['Id']}/stdout.gz"
    printed = gzip.decompress(s3.get_object(Bucket="emr-pipelines-local", Key=key)["Body"].read()).decode()
    assert printed == "from the left\nfrom the right\n"
    assert live_clusters(api, "branches") == []


@pytest.mark.slow
def test_a_script_of_the_project_is_a_command(
    run_pipeline: Callable[[str, str], CompletedProcess[str]], api: EmrApi, s3: Any, project: Path
) -> None:
    (project / "include" / "greet.sh").write_text(GREET)
    finished = run_pipeline("scripts", SCRIPTS % CLUSTER)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    printed = {}
    for name, step in steps_of(api, "scripts").items():
        key = f"logs/{step['Cluster']}/steps/{step['Id']}/stdout.gz"
        body = s3.get_object(Bucket="emr-pipelines-local", Key=key)["Body"].read()
        printed[name] = gzip.decompress(body).decode()
    assert printed == {"after_bash": "hello the moon 2\n", "alone": "hello the sun 1\n"}


@pytest.mark.slow
def test_a_step_that_takes_too_long_is_cancelled_and_its_cluster_ended(
    run_pipeline: Callable[[str, str], CompletedProcess[str]], api: EmrApi
) -> None:
    finished = run_pipeline("slow", SLOW % CLUSTER)
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert "took longer than its timeout of 0:00:05; after the cancellation it is CANCELLED" in finished.stdout
    assert finished.stdout.count("sleep.wait: running") == 1, "a timeout is no failure that a retry can cure"
    assert "terminate_cluster: success" in finished.stdout
    assert steps_of(api, "slow")["sleep"]["Status"]["State"] == "CANCELLED"
    assert live_clusters(api, "slow") == []

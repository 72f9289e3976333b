"""A system of the older kind, imported and run whole: its three scripts, unchanged, pass data from step to step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.conftest import REPOSITORY, live_clusters
from tests.integration.conftest import run_tool

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow"), pytest.mark.timeout(1200)]

DOCUMENTED = REPOSITORY / "tests" / "spec" / "legacy" / "good" / "documented"
BUCKET = "emr-pipelines-local"
NAMES = ["split", "count", "draw"]

# What every script of that system began with: the ten arguments, and how addresses are made of them.
CONTRACT = """
import argparse
from pyspark.sql import SparkSession, functions as F

parser = argparse.ArgumentParser()
for name in ("auto_generate_output", "output_uri", "format_output", "external_input", "input_dependency_from_output_step",
             "from_step", "input_data", "name_step", "description", "prefix_name"):
    parser.add_argument("--" + name)
given = parser.parse_args()
if int(given.input_dependency_from_output_step) > 0:
    source = "s3a://" + given.prefix_name + "/output/" + given.input_data
elif int(given.external_input) > 0:
    source = given.input_data
else:
    source = "s3a://" + given.prefix_name + "/input/" + given.input_data
target = "s3a://" + given.prefix_name + "/output/" + given.output_uri
spark = SparkSession.builder.appName("Step: " + given.name_step + " - " + given.description).getOrCreate()
"""
SCRIPTS = {
    "split": """
titles = spark.read.csv(source, header=True)
titles.select("year", F.explode(F.split(F.lower("title"), " ")).alias("word")).write.mode("errorifexists").parquet(target)
""",
    "count": """
spark.read.parquet(source).groupBy("year", "word").count().write.mode("errorifexists").parquet(target)
""",
    # As the third script of the documented system: reads and writes keys of its own with boto3, and no output_uri.
    "draw": """
import boto3
s3 = boto3.client("s3")
frame = s3.get_object(Bucket=given.prefix_name, Key="input/frame.txt")["Body"].read().decode().strip()
for row in spark.read.parquet(source).groupBy("year").agg(F.sort_array(F.collect_list(F.concat("word", F.lit("="), "count"))).alias("words")).collect():
    text = frame + " " + " ".join(row["words"]) + " " + frame
    s3.put_object(Bucket=given.prefix_name, Key="output/cloud_" + row["year"] + ".txt", Body=text.encode())
""",
}
FLAGS = {"auto_generate_output": "1", "output_uri": "None", "external_input": "0", "input_data": "None"}
INPUTS: dict[str, dict[str, str]] = {
    "split": {"format_output": ".parquet", "input_data": "titles.csv", "local_input": "data/titles.csv"},
    "count": {"format_output": ".parquet", "from_step": "split"},
    "draw": {"format_output": ".png", "from_step": "count", "local_input": "data/frame.txt"},
}


@pytest.fixture(scope="module")
def old_system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the older system: steps.json, the cluster's file, the scripts and two small inputs."""
    folder = tmp_path_factory.mktemp("old")
    for name, body in SCRIPTS.items():
        (folder / f"{name}.py").write_text(CONTRACT + body)
    (folder / "data").mkdir()
    (folder / "data" / "titles.csv").write_text("year,title\n1995,The Sea\n1995,the Élan\n2005,Sea\n")
    (folder / "data" / "frame.txt").write_text("***\n")
    (folder / "steps.json").write_text(json.dumps({"steps": [step(name) for name in NAMES]}))
    shutil.copy(DOCUMENTED / "bootstrap-action.sh", folder)
    cluster = json.loads((DOCUMENTED / "cluster.json").read_text())
    # The package would be fetched from Maven for each step.
    for configuration in cluster["Configurations"]:
        configuration.get("Properties", {}).pop("spark.jars.packages", None)
    (folder / "cluster.json").write_text(json.dumps(cluster))
    return folder


def step(name: str) -> dict[str, Any]:
    given = INPUTS[name]
    dependent = {"input_dependency_from_output_step": str(int("from_step" in given)), "from_step": "None"}
    return {
        "name": name,
        "description": f"the step that does: {name}",
        "guiid": "0",
        "executor_memory": "1G",
        "executor_cores": "1",
        "ActionOnFailure": "CONTINUE",
        "script_uri": f"{name}.py",
        "script_args": {**FLAGS, **dependent, "local_input": "", **given},
    }


def test_the_scripts_of_an_older_system_run_unchanged(
    old_system: Path, project: Path, airflow_variables: dict[str, str], api: EmrApi, s3: Any
) -> None:
    spec = project / "config" / "pipelines" / "old_words.yaml"
    files = [f"{old_system}/steps.json", "--cluster", f"{old_system}/cluster.json", "--out", f"{spec}", "--dag"]
    imported = run_tool(project, airflow_variables, "import-legacy", *files)
    assert imported.returncode == 0, imported.stderr
    finished = run_tool(project, airflow_variables, "run", "old_words")
    assert finished.returncode == 0, finished.stdout + finished.stderr

    clouds = {year: read(s3, f"output/cloud_{year}.txt") for year in (1995, 2005)}
    assert clouds == {1995: "*** sea=1 the=2 élan=1 ***", 2005: "*** sea=1 ***"}
    tables = [key for key in keys(s3, "output/runs/old_words/") if key.endswith("/_SUCCESS")]
    assert [key.split("/")[-3:-1] for key in tables] == [["count", "attempt=1"], ["split", "attempt=1"]]
    assert live_clusters(api, "old_words") == []


def read(s3: Any, key: str) -> str:
    return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def keys(s3: Any, prefix: str) -> list[str]:
    return sorted(item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", []))

"""The pipeline city_tables, whole: from S3 to HDFS, from both to a published table, and nothing left on HDFS."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.conftest import live_clusters
from tests.integration.conftest import run_tool
from tests.integration.test_small_pipelines import steps_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow"), pytest.mark.timeout(1200)]

BUCKET = "emr-pipelines-local"
FOLDER = "/user/hadoop/city_tables"
CONTINENTS = ("africa", "asia", "europe", "north_america", "oceania", "south_america")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def test_a_run_joins_hdfs_with_s3_and_leaves_nothing_on_hdfs(
    project: Path, airflow_variables: dict[str, str], api: EmrApi, s3: Any, emr_state_dir: Path
) -> None:
    finished = run_tool(project, airflow_variables, "run", "city_tables", "--date", "2018-11-01")
    assert finished.returncode == 0, finished.stdout + finished.stderr

    listing = steps_of(api, "city_tables")["list_folder"]
    log = s3.get_object(Bucket=BUCKET, Key=f"logs/{listing['Cluster']}/steps/{listing['Id']}/stdout.gz")["Body"].read()
    on_hdfs = {line.split(FOLDER)[1] for line in gzip.decompress(log).decode().splitlines() if FOLDER in line}
    assert on_hdfs == {"/countries.csv", "/cities", *(f"/cities/{name}.csv" for name in CONTINENTS)}

    published = emr_state_dir / "s3" / BUCKET / "city_tables" / "year=2018"
    table = ds.dataset(published / "city_months", partitioning="hive").to_table().to_pylist()
    assert len({row["city"] for row in table}) == 46
    assert {row["month"] for row in table if row["city"] == "Zürich"} == set(range(1, 13))
    assert {row["month"] for row in table if row["city"] == "Toronto"} == {*range(1, 11), 12}
    assert (published / "temperatures.png").read_bytes().startswith(PNG_SIGNATURE)

    report = {entry["name"]: entry for entry in json.loads((published / "schema_report.json").read_text())}
    assert report["cities"]["files"][0].startswith("hdfs://")
    odd = f"s3://{BUCKET}/data/city_tables/measurements/2018/11/north_america.csv"
    assert [file["uri"] for file in report["measurements"]["different"]] == [odd]
    assert odd in (published / "index.html").read_text()

    assert live_clusters(api, "city_tables") == []
    assert not (emr_state_dir / "hdfs" / listing["Cluster"]).exists(), "HDFS outlived its cluster"

"""The pipeline top_artists, whole: Hadoop Streaming over a month of hourly logs, then the chart; and what an output in the way does."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.conftest import REPOSITORY, live_clusters
from tests.integration.conftest import run_tool
from tests.integration.test_small_pipelines import steps_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow"), pytest.mark.timeout(1200)]

BUCKET = "emr-pipelines-local"
PLACE = "top_artists/year=2018/month=11"
MALFORMED = "data/music_logs/2018/11/30/23/cut_off.json"
STREAMING = REPOSITORY / "include" / "streaming"


@pytest.fixture
def logs(airflow_variables: dict[str, str], emr_state_dir: Path, s3: Any) -> Iterator[Path]:
    """The sample month, with one file that was cut off; other tests read the month too, so the file goes again."""
    s3.put_object(Bucket=BUCKET, Key=MALFORMED, Body=b'{"artist": "Nobody", "page": "NextSong"\n{"arti')
    yield emr_state_dir / "s3" / BUCKET / "data" / "music_logs" / "2018" / "11"
    s3.delete_object(Bucket=BUCKET, Key=MALFORMED)


def count_plainly(logs: Path) -> Counter[str]:
    """Plays of each artist, by ten lines of Python that know nothing of the pipeline."""
    plays: Counter[str] = Counter()
    for file in logs.glob("*/*/events.json"):
        for line in file.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["page"] == "NextSong" and event["artist"] is not None:
                plays[event["artist"]] += 1
    return plays


def run_in_a_shell(logs: Path) -> bytes:
    """What the shell makes of the same logs with the same two programs."""
    # `cat` would join the line that was cut off with the first of the next file.
    pipeline = f"awk 1 {logs}/*/*/* | {STREAMING}/mapper.py | sort | {STREAMING}/reducer.py"
    return subprocess.run(
        pipeline, shell=True, env={**os.environ, "LC_ALL": "C"}, capture_output=True, check=True
    ).stdout


def read_logs(s3: Any, cluster: str, step: str) -> str:
    """What the step said; without a warm JVM, spark-submit passes its programs' standard error on as its own standard output."""
    keys = [f"logs/{cluster}/steps/{step}/{name}.gz" for name in ("stderr", "stdout")]
    return "".join(gzip.decompress(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).decode() for key in keys)


def objects_below(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def submit_again(api: EmrApi, step: dict[str, Any]) -> tuple[str, str, str]:
    """The same step, with the same output, on a cluster of its own; the ids of both and the state that the step ends in."""
    cluster = api.write.run_job_flow(
        Name="again",
        ReleaseLabel="emr-7.13.0",
        LogUri=f"s3://{BUCKET}/logs",
        Applications=[{"Name": "Hadoop"}, {"Name": "Spark"}],
        ServiceRole="EMR_DefaultRole_V2",
        JobFlowRole="EMR_EC2_DefaultRole",
        Instances={
            "InstanceGroups": [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}],
            "KeepJobFlowAliveWhenNoSteps": False,
        },
        Steps=[
            {
                "Name": "again",
                "ActionOnFailure": "TERMINATE_CLUSTER",
                "HadoopJarStep": {"Jar": step["Config"]["Jar"], "Args": step["Config"]["Args"]},
            }
        ],
    )["JobFlowId"]
    while True:
        (again,) = api.read.list_steps(ClusterId=cluster)["Steps"]
        if again["Status"]["State"] not in ("PENDING", "RUNNING"):
            return cluster, again["Id"], again["Status"]["State"]
        time.sleep(0.2)


def test_what_lies_where_the_chart_is_published_is_found_before_a_cluster_exists(
    project: Path, airflow_variables: dict[str, str], api: EmrApi, s3: Any, emr_state_dir: Path
) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"{PLACE}/notes.txt", Body=b"precious")
    finished = run_tool(project, airflow_variables, "run", "top_artists", "--date", "2018-11-01")
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert "publish_code failed" in finished.stdout
    assert "did not publish (notes.txt …)" in finished.stdout
    names = [cluster["Name"] for cluster in api.read.list_clusters()["Clusters"]]
    assert [name for name in names if name.startswith("emr-pipelines/top_artists/")] == []
    assert objects_below(emr_state_dir / "s3" / BUCKET / PLACE) == {"notes.txt": b"precious"}
    s3.delete_object(Bucket=BUCKET, Key=f"{PLACE}/notes.txt")


def test_a_month_of_logs_becomes_the_chart_that_a_plain_count_gives(
    project: Path, airflow_variables: dict[str, str], api: EmrApi, s3: Any, emr_state_dir: Path, logs: Path
) -> None:
    finished = run_tool(project, airflow_variables, "run", "top_artists", "--date", "2018-11-01")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert f"{PLACE}/top_artists.png" in finished.stdout

    plays = count_plainly(logs)
    published = emr_state_dir / "s3" / BUCKET / PLACE
    assert {path.name for path in published.iterdir()} >= {
        "_SUCCESS",
        "index.html",
        "top_artists.csv",
        "top_artists.png",
    }
    assert (published / "top_artists.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    with (published / "top_artists.csv").open(encoding="utf-8", newline="") as table:
        rows = [(row["artist"], int(row["plays"])) for row in csv.DictReader(table)]
    assert rows == sorted(plays.items(), key=lambda item: (-item[1], item[0].encode()))[:20]
    assert f"{plays.total():,} plays of {len(plays)} artists" in (published / "index.html").read_text(encoding="utf-8")

    counts = steps_of(api, "top_artists")["counts"]
    args = counts["Config"]["Args"]
    output = emr_state_dir / "s3" / args[args.index("-output") + 1].removeprefix("s3://")
    parts = sorted(output.glob("part-*"))
    assert [part.name for part in parts] == [f"part-{number:05d}" for number in range(7)]
    together = b"".join(part.read_bytes() for part in parts)
    assert b"".join(sorted(together.splitlines(keepends=True))) == run_in_a_shell(logs)
    log = read_logs(s3, counts["Cluster"], counts["Id"])
    # Hadoop's own counters have blanks in their names.
    counted = {name: int(amount) for name, amount in re.findall(r"^\t\t(\w+)=(\d+)$", log, re.MULTILINE)}
    assert counted == {"lines_read": sum_lines(logs) + 2, "malformed_lines": 2, "plays": plays.total()}, log
    assert live_clusters(api, "top_artists") == []

    cluster, step, state = submit_again(api, counts)
    assert state == "FAILED"
    assert "FileAlreadyExistsException" in read_logs(s3, cluster, step)
    assert sorted(output.glob("part-*")) == parts
    assert b"".join(part.read_bytes() for part in parts) == together


def sum_lines(logs: Path) -> int:
    """Other tests leave files there too, and not each ends its last line."""
    return sum(len(file.read_bytes().splitlines()) for file in logs.glob("*/*/events.json"))

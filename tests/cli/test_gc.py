"""`emr-pipelines gc`: says what is garbage, and with --dry-run leaves it there."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command_line import run_tool
from tests.emr.conftest import cluster_request

from emr_pipelines.emr.emr_api import EmrApi

BUCKET = "emr-pipelines-local"


@pytest.fixture
def filled(s3: Any) -> Any:
    for bucket in (BUCKET, "emr-logs"):
        s3.create_bucket(Bucket=bucket)
    for run in ("ended", "live"):
        s3.put_object(Bucket=BUCKET, Key=f"runs/gc_test/{run}/step/attempt=1/part-0", Body=b"12345")
    time.sleep(1.1)  # S3's times have whole seconds
    return s3


@pytest.fixture
def live_cluster(api: EmrApi, filled: Any) -> Any:
    key = uuid.uuid4().hex[:12]
    tags = {"key": f"{key}/main", "dag_id": "gc_test", "run_id": "live", "expires_at": "2099-01-01T00:00:00+00:00"}
    request = cluster_request(key, Tags=[{"Key": f"emr-pipelines:{name}", "Value": tags[name]} for name in tags])
    cluster_id = api.write.run_job_flow(**request)["JobFlowId"]
    yield cluster_id
    api.read.terminate_job_flows(JobFlowIds=[cluster_id])


def runs_left(s3: Any) -> set[str]:
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="runs/gc_test/").get("Contents", [])
    return {item["Key"].split("/")[2] for item in listed}


def test_what_is_told_is_what_is_deleted(project: Path, filled: Any, live_cluster: str) -> None:
    prefix = f"s3://{BUCKET}/runs/gc_test/ended/step/attempt=1/"
    told = run_tool(project, "gc", "--older-than", "1s", "--dry-run", "--json")
    assert json.loads(told.stdout) == {
        "dry_run": True,
        "garbage": [{"prefix": prefix, "objects": 1, "bytes": 5}],
        "refused": [],
    }
    assert runs_left(filled) == {"ended", "live"}
    assert run_tool(project, "gc").stdout == "Nothing to delete\n"

    done = run_tool(project, "gc", "--older-than", "1s")
    assert (done.returncode, prefix in done.stdout) == (0, True)
    assert runs_left(filled) == {"live"}


def test_a_prefix_is_printed_as_it_is(project: Path, s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    runs = ("[red]x", "a[", ":key:")
    for run in runs:
        s3.put_object(Bucket=BUCKET, Key=f"runs/gc_text/{run}/step/attempt=1/part-0", Body=b"12345")
    time.sleep(1.1)  # S3's times have whole seconds
    told = run_tool(project, "gc", "--older-than", "1s")
    assert told.returncode == 0, told.stderr
    for run in runs:
        assert f"s3://{BUCKET}/runs/gc_text/{run}/step/attempt=1/ " in told.stdout


@pytest.mark.parametrize("age", ["7", "a week", "0d", "-1d"])
def test_an_age_that_is_none_is_refused(project: Path, age: str) -> None:
    told = run_tool(project, "gc", f"--older-than={age}")
    assert told.returncode == 1
    assert told.stderr == f"--older-than {age!r} is no duration; write a number and one of s, m, h, d, such as 7d\n"

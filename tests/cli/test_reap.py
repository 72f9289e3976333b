"""`emr-pipelines reap`: says what has expired, and with --dry-run leaves it at that."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY
from tests.emr.conftest import cluster_request

from emr_pipelines.emr.clusters import describe
from emr_pipelines.emr.emr_api import EmrApi


@pytest.fixture
def expired(api: EmrApi, s3: Any) -> str:
    s3.create_bucket(Bucket="emr-logs")
    key = uuid.uuid4().hex[:12]
    tags = {"emr-pipelines:key": f"{key}/main", "emr-pipelines:expires_at": "2020-01-01T00:00:00+00:00"}
    request = cluster_request(key, Tags=[{"Key": name, "Value": value} for name, value in tags.items()])
    return api.write.run_job_flow(**request)["JobFlowId"]


def state(api: EmrApi, cluster_id: str) -> str:
    return describe(api, cluster_id)["Status"]["State"]


def test_a_dry_run_tells_and_a_real_one_terminates(project: Path, api: EmrApi, expired: str) -> None:
    told = run_tool(project, "reap", "--dry-run", "--json")
    found = json.loads(told.stdout)
    assert (told.returncode, found["dry_run"], [one["cluster_id"] for one in found["clusters"]]) == (0, True, [expired])
    assert not state(api, expired).startswith("TERMINAT")

    done = run_tool(project, "reap")
    assert done.returncode == 0
    assert expired in done.stdout
    assert state(api, expired).startswith("TERMINAT")
    assert run_tool(project, "reap").stdout == "No cluster has expired\n"


def test_an_endpoint_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    environments = tmp_path / "config" / "environments"
    environments.mkdir(parents=True)
    (tmp_path / "config" / "pipelines").mkdir()
    text = (REPOSITORY / "config" / "environments" / "local.yaml").read_text()
    (environments / "local.yaml").write_text(text.replace("5566", "9"))
    told = run_tool(tmp_path, "reap")
    assert told.returncode == 1
    assert told.stderr.startswith("Nothing answers at http://127.0.0.1:9, the endpoint of the environment local (")
    assert len(told.stderr.splitlines()) == 1

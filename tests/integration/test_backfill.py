"""`emr-pipelines backfill` with a real Airflow, which it starts itself: two years, one of which fails at first."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.cli.command_line import run_tool
from tests.conftest import live_clusters
from tests.kills.scratch_airflow import copy_project, write_pipeline
from tests.step_writes import PUT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow"), pytest.mark.timeout(600)]

PIPELINE = "two_years"
PLACE = "s3://emr-pipelines-local/two_years"
WRITER = f"""{PUT}
import os, sys

output, year, cured = sys.argv[1:]
if year == "2002" and not os.path.exists(cured):
    sys.exit("no reviews for 2002")
for name in ("part-0", "_SUCCESS"):
    put(output, name)
"""


@pytest.fixture
def root(tmp_path: Path, emr_url: str, emr_state_dir: Path, s3: Any) -> Path:
    """A project with one pipeline, whose emr_local is the session's."""
    copy_project(tmp_path / "project", emr_url)
    (tmp_path / "project" / ".emr_local").symlink_to(emr_state_dir)
    s3.create_bucket(Bucket=PLACE.split("/")[2])
    (tmp_path / "write.py").write_text(WRITER)
    year, output = "${run.year}", "${steps.write.output}"
    command = json.dumps([sys.executable, str(tmp_path / "write.py"), output, year, str(tmp_path / "cured")])
    spec = f"""name: {PIPELINE}
schedule: "@yearly"
start_date: 2001-01-01
end_date: 2002-12-31
cluster: {{primary: {{instances: [m5.xlarge]}}}}
steps:
  - {{name: write, command: {command}, output: text, publish: "{PLACE}/year={year}"}}
"""
    local = tmp_path / "project" / "config" / "environments" / "local.yaml"
    local.write_text(local.read_text().partition("sample_data:")[0])
    write_pipeline(tmp_path / "project", PIPELINE, spec)
    return tmp_path / "project"


@pytest.fixture
def judged_project(root: Path) -> Path:
    return root


def backfill(root: Path, *options: str, code: int) -> dict[str, Any]:
    """The document that a backfill of both years ends with."""
    done = run_tool(
        root, "backfill", PIPELINE, "--from", "2001-01-01", "--to", "2002-01-01", "--yes", "--json", *options
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "locked" not in done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_two_years_of_which_one_fails_and_runs_again(root: Path, api: EmrApi) -> None:
    first = backfill(root, "--unpause", code=1)
    assert [run["state"] for run in first["runs"]] == ["success", "failed"]
    assert first["runs"][0]["outputs"] == [f"{PLACE}/year=2001"]
    (failure,) = first["runs"][1]["failures"]
    assert failure["task"] == "write.wait"
    assert "no reviews for 2002" in failure["error"]

    (root.parent / "cured").touch()
    second = backfill(root, "--only-failed", code=0)
    assert [run["logical_date"] for run in second["runs"]] == ["2002-01-01T00:00:00+00:00"]
    assert second["runs"][0]["outputs"] == [f"{PLACE}/year=2002"]

    assert live_clusters(api, f"/{PIPELINE}/") == []

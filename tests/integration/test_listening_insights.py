"""The pipeline listening_insights, whole: branches side by side, one report of all, and a stream that goes on where it was."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
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
MONTH = "data/music_logs/2018/11"
SECTIONS = ["plays_per_hour", "churn", "segments", "recommendations", "topics", "projection"]


@pytest.fixture(scope="module")
def bucket_folder(project: Path, airflow_variables: dict[str, str], emr_state_dir: Path) -> Path:
    """Where the bucket's objects lie after one whole run."""
    finished = run_tool(project, airflow_variables, "run", "listening_insights", "--date", "2018-11-01")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "report.wait: success" in finished.stdout
    return emr_state_dir / "s3" / BUCKET


def plays_in(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.rglob("events.json"):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["page"] == "NextSong":
                yield event


def read_published(bucket_folder: Path) -> Counter[tuple[int, str]]:
    table = ds.dataset(bucket_folder / "listening_insights" / "plays_per_hour" / "month=2018-11" / "plays")
    rows = table.to_table().to_pylist()
    counts = Counter({(int(row["hour"].timestamp()) // 3600, row["level"]): row["plays"] for row in rows})
    assert len(counts) == len(rows)
    return counts


def count_plainly(bucket_folder: Path) -> Counter[tuple[int, str]]:
    return Counter((play["ts"] // 3_600_000, play["level"]) for play in plays_in(bucket_folder / MONTH))


def test_the_published_report_has_every_job_with_its_pictures(bucket_folder: Path) -> None:
    page = (bucket_folder / "listening_insights" / "report" / "month=2018-11" / "index.html").read_text(
        encoding="utf-8"
    )
    assert re.findall(r'<section id="(\w+)"', page) == SECTIONS
    assert len(re.findall(r'<img src="data:image/png;base64,iVBOR', page)) == 8
    assert "<script" not in page


def test_branches_run_side_by_side_and_the_report_after_all(bucket_folder: Path, api: EmrApi) -> None:
    steps = steps_of(api, "listening_insights")
    assert set(steps) == {"sessions", "report", *SECTIONS}
    times = {name: step["Status"]["Timeline"] for name, step in steps.items()}
    assert all(times["report"]["StartDateTime"] >= times[name]["EndDateTime"] for name in SECTIONS)
    models = [times[name] for name in SECTIONS[1:]]
    assert all(time["StartDateTime"] >= times["sessions"]["EndDateTime"] for time in models)
    first_end = min(time["EndDateTime"] for time in models)
    assert sum(time["StartDateTime"] < first_end for time in models) >= 2
    assert live_clusters(api, "listening_insights") == []


def test_published_plays_are_those_of_the_logs(bucket_folder: Path) -> None:
    assert read_published(bucket_folder) == count_plainly(bucket_folder)


def test_another_run_reads_what_is_new_and_counts_nothing_twice(
    bucket_folder: Path, project: Path, airflow_variables: dict[str, str], s3: Any
) -> None:
    late = dict(next(plays_in(bucket_folder / MONTH / "29")))
    s3.put_object(Bucket=BUCKET, Key=f"{MONTH}/30/late/events.json", Body=json.dumps(late).encode())
    before = read_published(bucket_folder)
    finished = run_tool(project, airflow_variables, "run", "listening_insights", "--date", "2018-11-02")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    after = read_published(bucket_folder)
    assert after - before == Counter({(late["ts"] // 3_600_000, late["level"]): 1})
    assert after == count_plainly(bucket_folder)
    s3.delete_object(Bucket=BUCKET, Key=f"{MONTH}/30/late/events.json")

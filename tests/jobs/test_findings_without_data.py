"""What the jobs that learn do with too little data: they say so in their findings, and the report shows the others'."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from listening import churn, projection, recommendations, report, segments, sessions, topics
from listening.findings import Findings, write_findings

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("interpreted")]

START = 1_541_030_400_000
DAY = 86_400_000
JOBS = (churn, segments, recommendations, topics, projection)
Run = Callable[..., dict[str, Any]]


def event(user: int, day: int, page: str, artist: str | None = None) -> str:
    fields = {"ts": START + day * DAY + user, "page": page, "userId": str(user), "sessionId": day, "level": "free"}
    song = {"artist": artist, "song": f"Song of {artist}", "length": 200.0} if artist else {}
    return json.dumps({**fields, **song})


@pytest.fixture
def run(spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a job into a folder of its name and return what it counted and warned of."""

    def run_job(job: Any, *options: str) -> dict[str, Any]:
        assert job.main([*options, "--output", str(tmp_path / job.JOB)]) == 0, capsys.readouterr().err[-500:]
        told: dict[str, Any] = json.loads((tmp_path / job.JOB / "_counters.json").read_text(encoding="utf-8"))
        return told

    return run_job


@pytest.fixture
def quiet_month(tmp_path: Path, run: Run) -> Path:
    """The sessions of two users who played one song and did not cancel."""
    logs = [
        event(user, day, "NextSong" if day else "Home", "Zoë" if day else None) for user in (1, 2) for day in (0, 1)
    ]
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "events.json").write_text("\n".join(logs), encoding="utf-8")
    run(sessions, "--input", f"logs={tmp_path}/logs")
    return tmp_path / sessions.JOB


def test_too_little_data_is_a_finding_and_the_report_shows_the_rest(
    spark: SparkSession, tmp_path: Path, quiet_month: Path, run: Run
) -> None:
    for job in JOBS:
        told = run(job, "--input", f"sessions={quiet_month}")
        assert told["counters"]["empty"] is True
        assert told["warnings"], "the reason is told where people look"
        assert (tmp_path / job.JOB / "_SUCCESS").exists()
    write_findings(
        spark, f"{tmp_path}/plays_per_hour", Findings(title="Plays", summary="2 plays in 1 hours", values={})
    )
    inputs = [part for name in report.INPUTS for part in ("--input", f"{name}={tmp_path}/{name}")]
    told = run(report, *inputs)
    assert told["counters"]["missing"] == [job.JOB for job in JOBS]
    assert "empty" not in told["counters"]
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "2 plays in 1 hours" in page
    assert "This could not be found out: only 0 users of" in page
    assert page.count('class="missing"') == len(JOBS)


def test_a_month_without_a_play_breaks_no_job(tmp_path: Path, run: Run) -> None:
    (tmp_path / "logs").write_text(event(1, 0, "Home"), encoding="utf-8")
    run(sessions, "--input", f"logs={tmp_path}/logs")
    for job in (recommendations, topics, projection):
        assert run(job, "--input", f"sessions={tmp_path}/sessions")["counters"]["empty"] is True

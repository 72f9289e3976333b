"""`emr-pipelines validate` on several specs: a place on S3 has one publisher among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from emr_pipelines.cli.main import app

ENVIRONMENT = """name: local
connection: {id: aws_default}
region: us-east-1
bucket: s3://bucket
data: s3://bucket/data
logs: s3://bucket/logs
cluster: {release: emr-7.13.0, idle_timeout: 15m}
"""
SPEC = """name: %s
params: {city: {type: string, default: Bonn}, other: {type: string, default: Ulm}, unknown: {type: [string, "null"], default: null}}
cluster: {primary: {instances: [m5.xlarge]}}
steps:
  - {name: report, command: [echo, hi], output: csv, publish: "%s"%s}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("pipelines", "environments"):
        (tmp_path / "config" / folder).mkdir(parents=True)
    (tmp_path / "config" / "environments" / "local.yaml").write_text(ENVIRONMENT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EMR_PIPELINES_ENV", raising=False)
    return tmp_path / "config" / "pipelines"


def write(pipelines: Path, name: str, place: str, more: str = "") -> None:
    (pipelines / f"{name}.yaml").write_text(SPEC % (name, place, more))


def problems(*arguments: str) -> str:
    return CliRunner().invoke(app, ["validate", *arguments]).output


def test_the_second_pipeline_of_a_place_is_told_who_has_it(project: Path) -> None:
    write(project, "first", "${env.bucket}/reports/${params.city}")
    write(project, "second", "s3://bucket/reports/${params.city}/")
    assert problems() == (
        "config/pipelines/second.yaml:5:63: steps.0.publish: step 'report' of 'first' (config/pipelines/first.yaml:5) publishes to the same place\n"
        "    Choose places side by side, such as one for each pipeline.\n"
        "2 specs, 1 problem\n"
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("s3://bucket/reports", "s3://bucket/reports/year=${run.year}"),
        ("s3://bucket/reports/year=${run.year}", "s3://bucket/reports"),
        ("s3://bucket/reports/year=${run.year}", "s3://bucket/reports/year=2005"),
        ("s3://bucket/reports/2005-03", "s3://bucket/reports/${run.year}-${run.month}"),
        ("s3://bucket/reports/${run.date}", "s3://bucket/reports/${run.year}-${run.month}-01/cities"),
        ("s3://bucket/reports/${params.city}/${run.year}", "s3://bucket/reports/Bonn"),
        ("s3://bucket/reports/year=2005/a/b", "s3://bucket/reports/year=${run.year}"),
    ],
)
def test_places_that_can_be_one_or_lie_in_each_other(project: Path, first: str, second: str) -> None:
    write(project, "first", first)
    write(project, "second", second)
    assert "config/pipelines/second.yaml:5:63: steps.0.publish: " in problems()
    assert "step 'report' of 'first' (config/pipelines/first.yaml:5)" in problems()
    assert problems("first") == "1 spec, 0 problems\n", "a spec by itself needs no other"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("s3://bucket/reports", "s3://bucket/reports_of_cities"),
        ("s3://bucket/reports", "s3://other/reports"),
        ("s3://bucket/reports/2005", "s3://bucket/reports/2006"),
        ("s3://bucket/reports/${run.year}", "s3://bucket/reports/${run.date}"),
        ("s3://bucket/reports/${run.year}", "s3://bucket/reports/all"),
        ("s3://bucket/reports/${params.city}", "s3://bucket/reports/dd"),
        ("s3://bucket/reports/${params.other}", "s3://bucket/reports/${params.city}"),
        ("s3://bucket/reports/${params.unknown}", "s3://bucket/reports/${params.unknown}"),
    ],
)
def test_places_side_by_side(project: Path, first: str, second: str) -> None:
    write(project, "first", first)
    write(project, "second", second)
    assert problems() == "2 specs, 0 problems\n"


def test_a_take_over_that_is_written_is_meant(project: Path) -> None:
    write(project, "first", "s3://bucket/reports")
    write(project, "second", "s3://bucket/reports", ", take_over: anyone")
    assert problems() == "2 specs, 0 problems\n"
    write(project, "third", "s3://bucket/reports", ", take_over: other_runs")
    assert "third.yaml" in problems()

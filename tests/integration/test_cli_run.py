"""`emr-pipelines run`: a whole run from nothing, and what a person is told when a job fails."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import PROJECT_FOLDERS, REPOSITORY
from tests.integration.conftest import run_tool
from tests.integration.processes import free_port

pytestmark = pytest.mark.xdist_group("airflow")


@pytest.fixture(scope="module")
def fresh_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that nothing was run in, with a port of its own at which nothing answers."""
    root = tmp_path_factory.mktemp("fresh")
    for folder in PROJECT_FOLDERS:
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    environment = root / "config" / "environments" / "local.yaml"
    environment.write_text(environment.read_text().replace(":5566", f":{free_port()}"))
    return root


@pytest.mark.slow
@pytest.mark.fresh
def test_a_run_from_nothing_ends_with_the_paths_of_its_pictures(fresh_project: Path) -> None:
    finished = run_tool(fresh_project, os.environ, "run", "word_clouds", "--date", "2005-01-01")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "render_clouds.wait: success" in finished.stdout
    assert re.search(r"\npreprocess_titles: rows_read [\d,]+, distinct_titles ", finished.stdout)
    picture = next(
        line.strip() for line in finished.stdout.splitlines() if line.strip().endswith("word_cloud_2005.png")
    )
    assert (fresh_project / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_failing_job_ends_with_its_cause_and_exit_code_1(fresh_project: Path) -> None:
    script = fresh_project / "include" / "pyspark" / "book_titles" / "count_words.py"
    script.write_text("raise ValueError('no such year')\n")
    finished = run_tool(fresh_project, os.environ, "run", "word_clouds", "--date", "2006-01-01")
    assert finished.returncode == 1, finished.stdout + finished.stderr
    assert "count_words.wait failed" in finished.stdout
    assert "no such year" in finished.stdout
    assert "terminate_cluster: success" in finished.stdout


def test_an_unknown_pipeline_is_one_sentence(fresh_project: Path) -> None:
    finished = run_tool(fresh_project, os.environ, "run", "word_cloud")
    assert finished.returncode != 0
    assert "word_clouds" in finished.stdout + finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("date", [(), ("--date", "1990-01-01")])
def test_a_run_for_a_year_that_the_pipeline_does_not_have_is_refused_before_anything_starts(
    fresh_project: Path, date: tuple[str, ...]
) -> None:
    finished = run_tool(fresh_project, os.environ, "run", "word_clouds", *date)
    assert finished.returncode != 0
    assert "the year must be at least 1995 and at most 2015" in finished.stdout + finished.stderr
    assert not (fresh_project / ".emr_local").exists()


def test_a_run_on_aws_without_credentials_ends_before_anything_starts(fresh_project: Path, tmp_path: Path) -> None:
    shell = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    shell |= {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    finished = run_tool(fresh_project, shell, "run", "word_clouds", "--env", "aws", "--date", "2005-01-01")
    assert finished.returncode != 0
    said = finished.stdout + finished.stderr
    assert "Unable to locate credentials" in said
    assert "publish_code" not in said


def test_a_copied_spec_without_its_dag_file_is_told_how_to_make_it(fresh_project: Path) -> None:
    spec = fresh_project / "config" / "pipelines" / "word_clouds.yaml"
    copy = spec.with_name("clouds_copy.yaml")
    copy.write_text(spec.read_text().replace("word_clouds", "clouds_copy"))
    try:
        finished = run_tool(fresh_project, os.environ, "run", "clouds_copy", "--date", "2005-01-01")
    finally:
        copy.unlink()
    assert finished.returncode != 0
    said = finished.stdout + finished.stderr
    assert "There is no dags/clouds_copy.py" in said
    assert "dags/clouds_copy.py; or run it without Airflow" in said
    assert "Traceback" not in said


def test_a_date_that_is_none_is_refused_before_anything_starts(fresh_project: Path) -> None:
    finished = run_tool(fresh_project, os.environ, "run", "word_clouds", "--date", "2005-13-01")
    assert finished.returncode == 2
    assert "2005-13-01" in finished.stderr
    assert "Running" not in finished.stdout

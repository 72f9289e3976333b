"""`emr-pipelines plan`: what people and programs read of a plan."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copy, copytree
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from emr_pipelines.cli.plan import plan_command
from emr_pipelines.errors import EmrPipelinesError

PLAN_TESTS = Path(__file__).parents[1] / "plan"
PLUGINS = Path(__file__).parents[2] / "plugins"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the verb in a small project that has some of the pipelines of the plan's goldens."""
    copytree(PLAN_TESTS / "project", tmp_path / "project")
    pipelines = tmp_path / "project" / "config" / "pipelines"
    pipelines.mkdir()
    for name in ("word_clouds", "branches", "existing_by_name", "param_types", "timeouts", "reliability"):
        copy(PLAN_TESTS / "good" / f"{name}.yaml", pipelines)
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv("EMR_PIPELINES_ENV", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    app.command()(plan_command)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def row(output: str, *cells: str) -> str:
    """The line of a table that holds the cells, in this order."""
    for line in output.splitlines():
        found = [cell.strip() for cell in line.split("│")]
        if [cell for cell in found if cell in cells] == list(cells):
            return line
    raise AssertionError(f"no row has {cells} in:\n{output}")


def test_the_tasks_stand_in_order_with_what_they_wait_for(run: Run) -> None:
    output = run("branches").output
    assert row(output, "1", "publish_code")
    assert row(output, "2", "create_cluster", "publish_code")
    assert row(output, "3", "clean", "create_cluster", "parquet")
    assert row(output, "6", "compare", "by_city, by_country", "csv")
    assert row(output, "8", "terminate_cluster")


def test_the_cluster_and_the_run_are_described(run: Run) -> None:
    output = run("word_clouds").output
    assert row(output, "schedule", "@yearly")
    assert row(output, "primary", "1 on demand of m5.xlarge")
    assert row(output, "task", "10 spot of m5.2xlarge, m5a.2xlarge, m6i.2xlarge")
    assert row(output, "release", "emr-7.13.0 with Spark")
    assert row(output, "param year", "none (integer or null, minimum 1995, maximum 2015)")
    assert row(output, "package", "include/books/report", "report.zip")


def test_square_brackets_of_a_spec_are_no_markup(run: Run) -> None:
    file = Path("config/pipelines/branches.yaml")
    file.write_text(file.read_text().replace("cluster:", "description: Sums [bold] and [/bold]\ncluster:"))
    assert row(run("branches").output, "pipeline", "branches: Sums [bold] and [/bold]")


def test_timeouts_and_limits_are_shown(run: Run) -> None:
    output = run("timeouts").output
    assert row(output, "clean", "90m")
    assert row(output, "report", "45s")
    assert row(output, "steps", "2 of 256")
    words = "command-runner.jar spark-submit --deploy-mode cluster --name timeouts.report ${code.prefix}/include/jobs/report.py"
    assert row(output, "longest step's characters", f"{len(words.replace(' ', ''))} of 10,240")


def test_what_happens_when_something_fails_is_shown(run: Run) -> None:
    output = run("reliability").output
    assert row(output, "waits", "in the triggerer")
    assert row(output, "collect", "2h, in the queue 20m, retries 2")
    assert row(output, "collect", "s3://example-local/data/sales/date=${run.date}/", "skip the run")
    assert row(output, "starts", "within 30m, else another one is launched")
    assert row(output, "if it is lost", "the run goes on with another one")
    assert row(output, "ends", "with the run; else after 10m without work, or 12h in all")


def test_a_long_running_cluster_is_used_and_never_terminated(run: Run) -> None:
    output = run("existing_by_name").output
    assert row(output, "long-running", "shared-reports, never terminated")
    assert "terminate_cluster" not in output


def test_a_date_shows_the_command_lines_of_that_run(run: Run) -> None:
    output = run("word_clouds", "--date", "2005-01-01").output
    commands = [shlex.split(line) for line in output.splitlines() if line.startswith("spark-submit")]
    assert len(commands) == 3
    assert "reviews=s3://example-local/data/amazon_reviews/product_category=Books/year=2005" in commands[0]
    assert "${" not in output.partition("Limits of EMR")[2]


def test_json_is_the_plan_and_with_a_date_its_requests(run: Run) -> None:
    plain = load(run("word_clouds", "--json"))
    assert [step["name"] for step in plain["steps"]] == ["preprocess_titles", "count_words", "render_clouds"]
    assert "requests" not in plain
    bound = load(run("word_clouds", "--json", "--date", "2005-01-01", "--param", "year=1999"))
    arguments = bound["requests"]["add_job_flow_steps"][0]["Steps"][0]["HadoopJarStep"]["Args"]
    assert "reviews=s3://example-local/data/amazon_reviews/product_category=Books/year=1999" in arguments
    assert {key: bound[key] for key in plain} == plain


def test_a_parameter_keeps_its_type_and_its_text(run: Run) -> None:
    result = load(
        run("param_types", "--json", "--date", "2005-01-01", "--param", "dry_run=true", "--param", "city=a b=[c]")
    )
    arguments = result["requests"]["add_job_flow_steps"][0]["Steps"][0]["HadoopJarStep"]["Args"]
    assert arguments[arguments.index("--dry-run") + 1] == "true"
    assert arguments[arguments.index("--city") + 1] == "a b=[c]"


def test_the_environment_is_the_one_that_is_named(run: Run) -> None:
    assert load(run("word_clouds", "--json", "--env", "aws"))["connection"]["region"] == "eu-central-1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["word_clouds", "--date", "1st of May"], "YYYY-MM-DD"),
        (["word_clouds", "--param", "year=1999"], "--date"),
        (["word_clouds", "--date", "2005-01-01", "--param", "yaer=1999"], "did you mean year"),
        (["wordclouds"], "word_clouds"),
        (["word_clouds", "--env", "awz"], "aws"),
    ],
)
def test_a_mistake_is_answered_with_what_to_write(run: Run, arguments: list[str], said: str) -> None:
    error = run(*arguments).exception
    assert isinstance(error, EmrPipelinesError)
    assert said in str(error)


def test_planning_starts_fast_because_it_imports_neither_airflow_nor_boto3(run: Run) -> None:
    script = "import sys; import emr_pipelines.cli.plan; print([name for name in ('airflow', 'boto3', 'botocore') if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(PLUGINS)}
    assert (
        subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        ).stdout
        == "[]\n"
    )


def load(result: Result) -> dict[str, Any]:
    assert result.exception is None, result.exception
    value: dict[str, Any] = json.loads(result.output)
    return value

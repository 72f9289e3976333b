"""`emr-pipelines plan`: what people and programs read of a plan."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from shutil import copy, copytree
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner, Result

from emr_pipelines.cli.plan.command import plan_command
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.loader import check_pipeline, load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.security.registry import check_security

PLAN_TESTS = Path(__file__).parents[1] / "plan"
JSON_SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "json" / "plan.schema.json").read_text())
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


def test_a_date_outside_of_the_schedule_is_told(run: Run) -> None:
    outside = ("word_clouds", "--date", "2020-01-01", "--show", "run")
    output = " ".join(run(*outside, "--param", "year=1999").output.replace("│", " ").split())
    assert "2020-01-01 is outside of the schedule, which goes from 1995-01-01 to 2015-12-31" in output
    assert "no run for 2020" in str(run(*outside).exception)
    assert "outside" not in run("word_clouds", "--date", "2005-01-01", "--show", "run").output


@pytest.mark.parametrize("width", [60, 120])
def test_the_first_lines_say_what_how_big_how_much_what_it_reads_and_publishes_and_what_is_wrong(
    run: Run, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("word_clouds", "--date", "2005-01-01", "--hours", "2").output.splitlines()
    told = [line for line in lines[:20] if line and not line.startswith("      ")]
    assert lines[0].startswith("word_clouds in local (http://127.0.0.1:5566): 3 steps, the")
    told = [lines[0], *(line for line in told if line.startswith("  "))]
    assert [line.split()[0] for line in told[1:6]] == ["cluster", "cost", "reads", "publishes", "problems"]
    assert "an hour" in told[2]
    assert told[3].endswith(" s3://example-local/data/amazon_reviews/product_category=Books/year=2005")
    assert told[4].endswith(" s3://example-local/word_clouds/year=2005")
    assert all(len(line) <= width or "://" in line for line in lines[: lines.index(told[5])])


def test_what_is_to_be_looked_at_is_shown_without_being_asked_for(run: Run) -> None:
    output = run("word_clouds", "--env", "aws", "--from", "1995-01-01", "--to", "1997-01-01").output
    assert "3 steps, 3 runs from 1995-01-01 to 1997-01-01" in output
    assert "3 runs by @yearly" in output
    assert "Limits of EMR" not in output
    told = load(run("word_clouds", "--env", "aws", "--json"))
    graver = [one for one in told["security"] if one["severity"] != "note" and not one["suppressed"]]
    assert graver
    assert all(f"{one['rule']}: {one['message']}" in output for one in graver)
    assert not any(one["rule"] in run("word_clouds").output for one in graver)


def test_what_reads_a_pipe_finds_every_cell_in_one_piece(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    output = run("word_clouds", "--date", "2005-01-01", "--show", "all").output
    assert row(output, "3", "preprocess_titles", "create_cluster", "parquet")
    assert row(
        output, "5", "render_clouds", "count_words", "png, published to s3://example-local/word_clouds/year=2005"
    )


def test_the_tasks_stand_in_order_with_what_they_wait_for(run: Run) -> None:
    output = run("branches", "--show", "all").output
    assert row(output, "1", "publish_code")
    assert row(output, "2", "create_cluster", "publish_code")
    assert row(output, "3", "clean", "create_cluster", "parquet")
    assert row(output, "6", "compare", "by_city, by_country", "csv")
    assert row(output, "8", "terminate_cluster")


def test_the_cluster_and_the_run_are_described(run: Run) -> None:
    output = run("word_clouds", "--show", "all").output
    assert row(output, "schedule", "@yearly")
    assert row(output, "primary", "1 on demand of m5.xlarge")
    assert row(output, "task", "10 spot of m5.2xlarge, m5a.2xlarge, m6i.2xlarge")
    assert row(output, "release", "emr-7.13.0 with Spark")
    assert row(output, "param year", "none (integer or null, minimum 1995, maximum 2015)")
    assert row(output, "include/books/report", "report.zip")


@pytest.mark.parametrize("written", ["Sums [bold] and [/bold]", "[red]x", "[/]", "a :key: of :smile:", "back\\"])
def test_the_text_of_a_spec_is_printed_as_it_is(run: Run, written: str) -> None:
    file = Path("config/pipelines/branches.yaml")
    file.write_text(file.read_text().replace("cluster:", f"description: '{written}'\ncluster:"))
    assert row(run("branches", "--show", "all").output, "pipeline", f"branches: {written}")


def test_timeouts_and_limits_are_shown(run: Run) -> None:
    output = run("timeouts", "--show", "all").output
    assert row(output, "clean", "90m")
    assert row(output, "report", "45s")
    assert row(output, "steps", "2 of 256")
    words = "command-runner.jar spark-submit --deploy-mode cluster --name timeouts.report ${code.prefix}/include/jobs/report.py"
    assert row(output, "longest step's characters", f"{len(words.replace(' ', ''))} of 10,240")


def test_what_happens_when_something_fails_is_shown(run: Run) -> None:
    output = run("reliability", "--show", "all").output
    assert row(output, "waits", "in the triggerer")
    assert row(output, "collect", "2h, in the queue 20m, retries 2")
    assert row(output, "collect", "s3://example-local/data/sales/date=${run.date}/", "skip the run")
    assert row(output, "starts", "within 30m, else another one is launched")
    assert row(output, "if it is lost", "the run goes on with another one")
    assert row(output, "ends", "with the run; else after 10m without work, or 12h in all")


def test_a_long_running_cluster_is_used_and_never_terminated(run: Run) -> None:
    output = run("existing_by_name", "--show", "all").output
    assert row(output, "long-running", "shared-reports, never terminated")
    assert "terminate_cluster" not in output


def test_a_date_shows_the_command_lines_of_that_run(run: Run) -> None:
    output = run("word_clouds", "--date", "2005-01-01", "--show", "all").output
    commands = [shlex.split(line) for line in output.splitlines() if line.startswith("spark-submit")]
    assert len(commands) == 3
    assert "reviews=s3://example-local/data/amazon_reviews/product_category=Books/year=2005" in commands[0]
    assert "${" not in output.partition("Steps as they are submitted")[2].partition("Limits of EMR")[0]


def test_json_is_the_plan_and_with_a_date_its_requests(run: Run) -> None:
    plain = load(run("word_clouds", "--json"))
    assert [step["name"] for step in plain["plan"]["steps"]] == ["preprocess_titles", "count_words", "render_clouds"]
    assert plain["run"] is None
    bound = load(run("word_clouds", "--json", "--date", "2005-01-01", "--param", "year=1999"))
    arguments = bound["run"]["requests"]["add_job_flow_steps"][0]["Steps"][0]["HadoopJarStep"]["Args"]
    assert "reviews=s3://example-local/data/amazon_reviews/product_category=Books/year=1999" in arguments
    assert bound["plan"] == plain["plan"]


def test_a_parameter_keeps_its_type_and_its_text(run: Run) -> None:
    result = load(
        run("param_types", "--json", "--date", "2005-01-01", "--param", "dry_run=true", "--param", "city=a=b:c")
    )
    arguments = result["run"]["requests"]["add_job_flow_steps"][0]["Steps"][0]["HadoopJarStep"]["Args"]
    assert arguments[arguments.index("--dry-run") + 1] == "true"
    assert arguments[arguments.index("--city") + 1] == "a=b:c"


def test_the_code_that_is_told_is_the_code_that_is_sent(run: Run) -> None:
    told = load(run("word_clouds", "--json", "--date", "2005-01-01"))
    (script,) = (one for one in told["artifacts"] if one["source"] == "include/jobs/report.py")
    content = Path("include/jobs/report.py").read_bytes()
    assert (script["bytes"], script["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    arguments = told["run"]["requests"]["add_job_flow_steps"][2]["Steps"][0]["HadoopJarStep"]["Args"]
    assert f"{told['code_prefix']}/include/jobs/report.py" in arguments
    Path("include/jobs/report.py").write_text("# edited")
    assert load(run("word_clouds", "--json"))["code_prefix"] != told["code_prefix"]


def test_the_runs_of_a_range_are_counted_and_told_apart(run: Run) -> None:
    output = run("word_clouds", "--from", "1995-01-01", "--to", "1997-06-01").output
    assert "3 runs by @yearly from 1995-01-01 to 1997-06-01" in output
    assert row(output, "2", "1996-01-01T00:00:00+00:00", "run.year=1996")
    told = load(run("word_clouds", "--json", "--from", "1995-01-01", "--to", "1997-06-01"))
    assert (told["runs"]["count"], told["cost"]["runs"]) == (3, 3)
    assert [one["values"] for one in told["runs"]["runs"]] == [{"run.year": str(year)} for year in (1995, 1996, 1997)]


def test_runs_that_all_do_the_same_are_pointed_out(run: Run) -> None:
    output = run("word_clouds", "--from", "1995-01-01", "--to", "1997-01-01", "--param", "year=2001").output
    assert "All these runs send the same arguments" in output


def test_of_many_runs_the_first_and_the_last_are_shown(run: Run) -> None:
    file = Path("config/pipelines/word_clouds.yaml")
    monthly = file.read_text().replace("@yearly", "@monthly")
    file.write_text(monthly.replace("word_clouds/year=${run.year}", "word_clouds/month=${run.year}-${run.month}"))
    output = run("word_clouds", "--from", "1995-01-01", "--to", "2004-12-01").output
    assert row(output, "1", "1995-01-01T00:00:00+00:00")
    assert row(output, "…", "70 more")
    assert row(output, "120", "2004-12-01T00:00:00+00:00")
    assert load(run("word_clouds", "--json", "--from", "1995-01-01", "--to", "2004-12-01"))["runs"]["count"] == 120


@pytest.mark.parametrize("name", ["word_clouds", "branches", "timeouts", "reliability"])
def test_what_is_shown_of_one_run_has_its_values(run: Run, name: str) -> None:
    output = run(name, "--date", "2005-01-01", "--show", "all").output
    assert "Steps as they are submitted" in output
    assert not re.findall(r"\$\{(?:run|params)\.[^}]*\}?", output)
    assert "year=2005" in output or name != "word_clouds"


def test_a_section_is_shown_alone(run: Run) -> None:
    output = run("word_clouds", "--show", "tasks", "--show", "limits").output
    assert output.startswith("Tasks")
    assert [title for title in ("Limits of EMR", "Cluster", "Sizing", "Cost", "Security") if title in output] == [
        "Limits of EMR"
    ]
    assert "${code.prefix}/include/jobs/report.py" in run("word_clouds", "--show", "requests").output


def test_every_limit_is_told_with_its_use(run: Run) -> None:
    output = run("word_clouds", "--show", "all").output
    assert row(output, "bootstrap actions", "1 of 16")
    assert row(output, "tags", "6 of 50", "5 of them are set by emr-pipelines")
    assert row(output, "steps at once", "1 of 256")
    assert row(output, "instance types of fleet task", "3 of 30", "with an allocation strategy")


def test_warnings_and_findings_are_those_of_validate_and_audit(run: Run) -> None:
    told = load(run("word_clouds", "--json"))
    root = Path.cwd()
    file = root / "config" / "pipelines" / "word_clouds.yaml"
    assert told["warnings"] == [
        asdict(problem) for problem in check_pipeline(file, environment="local", project_root=root)
    ]
    plan = build_plan(load_pipeline(file, environment="local", project_root=root))
    findings = check_security(plan)
    assert [(one["rule"], one["place"]) for one in told["security"]] == [(one.rule, one.place) for one in findings]
    assert told["security"]
    output = run("word_clouds", "--show", "all").output
    assert all(f"{one.rule}: {one.message}" in output for one in findings)


def test_findings_fail_the_command_when_that_is_asked(run: Run) -> None:
    severities = {one["severity"] for one in load(run("word_clouds", "--json"))["security"]}
    assert run("word_clouds").exit_code == 0
    for severity, graver in (("note", {"note", "warning", "error"}), ("error", {"error"})):
        assert run("word_clouds", "--fail-on", severity).exit_code == (1 if severities & graver else 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ("word_clouds",),
        ("word_clouds", "--env", "aws", "--date", "2005-01-01"),
        ("word_clouds", "--from", "1995-01-01", "--to", "2015-01-01", "--hours", "2"),
        ("existing_by_name", "--date", "2005-01-01"),
        ("reliability",),
    ],
    ids=" ".join,
)
def test_json_has_the_documented_shape(run: Run, arguments: tuple[str, ...]) -> None:
    jsonschema.validate(load(run(*arguments, "--json")), JSON_SCHEMA)


@pytest.mark.parametrize("width", [40, 80])
def test_no_address_is_cut_off_on_a_narrow_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    output = run("word_clouds", "--date", "2005-01-01", "--show", "all").output
    joined = ["", "", "", "", "", "", "", ""]
    for line in output.splitlines():
        for column, cell in enumerate(line.split("│")):
            joined[column] += "".join(cell.split())
    addresses = [
        "s3://example-local/data/amazon_reviews/product_category=Books/year=2005",
        "pngpublishedtos3://example-local/word_clouds/year=2005".replace("png", "png,"),
        "include/books/report/main.py",
        "s3://example-local/logs/",
    ]
    assert [address for address in addresses if not any(address in text for text in joined)] == []


def test_the_environment_is_the_one_that_is_named(run: Run) -> None:
    assert load(run("word_clouds", "--json", "--env", "aws"))["plan"]["connection"]["region"] == "eu-central-1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["word_clouds", "--date", "1st of May"], "YYYY-MM-DD"),
        (["word_clouds", "--param", "year=1999"], "--date"),
        (["word_clouds", "--from", "2005-01-01"], "--to"),
        (["word_clouds", "--from", "2005-01-01", "--to", "2004-01-01"], "swap"),
        (["word_clouds", "--from", "2005-01-01", "--to", "1st of May"], "--to '1st of May'"),
        (["word_clouds", "--from", "2005-01-01", "--to", "2006-01-01", "--date", "2005-01-01"], "keep one"),
        (["branches", "--from", "2005-01-01", "--to", "2006-01-01"], "no schedule of dates"),
        (["word_clouds", "--show", "limit"], "Did you mean 'limits'?"),
        (["word_clouds", "--show", "costs"], "Did you mean 'cost'?"),
        (["word_clouds", "--exit-code"], "--against"),
        (["word_clouds", "--date", "2005-01-01", "--param", "yaer=1999"], "did you mean year"),
        (["wordclouds"], "word_clouds"),
        (["word_clouds", "--env", "awz"], "aws"),
    ],
)
def test_a_mistake_is_answered_with_what_to_write(run: Run, arguments: list[str], said: str) -> None:
    error = run(*arguments).exception
    assert isinstance(error, EmrPipelinesError)
    assert said in str(error)


def test_planning_needs_neither_airflow_nor_boto3(run: Run) -> None:
    script = (
        "import sys\n"
        "from emr_pipelines.cli.main import app\n"
        "app(['plan', 'word_clouds', '--date', '2005-01-01', '--json'], standalone_mode=False)\n"
        "print([name for name in ('airflow', 'boto3', 'botocore') if name in sys.modules], file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(PLUGINS)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert (done.stderr, json.loads(done.stdout)["format"]) == ("[]\n", "emr-pipelines/plan/1")


def load(result: Result) -> dict[str, Any]:
    assert result.exception is None, result.exception
    value: dict[str, Any] = json.loads(result.output)
    return value

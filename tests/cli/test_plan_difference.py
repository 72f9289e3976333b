"""`emr-pipelines plan --against`: what a change of the project changes, to a git revision and to the plan that a run used last."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import copy, copytree
from typing import Any

import jsonschema
import pytest
import typer
from tests.cli.command_line import run_tool
from typer.testing import CliRunner, Result

from emr_pipelines.cli.plan.baseline import record_of
from emr_pipelines.cli.plan.command import plan_command
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.storage.published_plan import publish_plan

TESTS = Path(__file__).parents[1]
JSON_SCHEMA = json.loads((TESTS.parent / "docs" / "reference" / "json" / "plan.schema.json").read_text())
SPEC = Path("config/pipelines/word_clouds.yaml")
SCRIPT = Path("include/books/report/main.py")
Run = Callable[..., Result]


def git(*arguments: str) -> None:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the verb in a project that is a folder of a git repository, with one commit."""
    project = tmp_path / "repository" / "pipelines"
    copytree(TESTS / "plan" / "project", project)
    (project / "config" / "pipelines").mkdir()
    copy(TESTS / "plan" / "good" / "word_clouds.yaml", project / "config" / "pipelines")
    monkeypatch.chdir(project)
    monkeypatch.delenv("EMR_PIPELINES_ENV", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    git("init", "--quiet", "..")
    git("add", "--all", "--force", ".")
    git("commit", "--quiet", "--message", "first")
    app = typer.Typer()
    app.command()(plan_command)
    return lambda *arguments: CliRunner().invoke(app, ["word_clouds", *arguments])


def edit(file: Path, written: str, instead: str) -> None:
    text = file.read_text()
    assert written in text
    file.write_text(text.replace(written, instead))


def difference(result: Result) -> dict[str, Any]:
    assert result.exception is None or result.exit_code == 2, result.exception
    told = json.loads(result.output)
    jsonschema.validate(told, JSON_SCHEMA)
    return told


def test_a_project_as_it_was_committed_has_no_difference(run: Run) -> None:
    result = run("--against", "HEAD", "--exit-code")
    assert (result.exit_code, "No difference to HEAD" in result.output) == (0, True)


def test_each_change_is_one_line_and_the_exit_code_says_that_there_are_some(run: Run) -> None:
    edit(SPEC, "executor_memory: 18G", "executor_memory: 9G")
    edit(SPEC, "spot: 10", "spot: 4")
    SCRIPT.write_text("# edited")
    result = run("--against", "HEAD", "--exit-code", "--show", "difference")
    assert result.exit_code == 2
    assert result.output.splitlines()[1:] == [
        "Difference to HEAD: 4 changed",
        "~ cluster request.Instances.InstanceFleets[TASK].TargetSpotCapacity: 10 → 4",
        "~ step preprocess_titles request.HadoopJarStep.Args[--executor-memory]: 18G → 9G",
        "~ code include/books/report/main.py",
        "~ code include/books/report report/main.py",
    ]
    told = difference(run("--against", "HEAD", "--json"))
    assert {one["source"]: one["state"] for one in told["artifacts"]} == {
        "include/bootstrap/install.sh": "unchanged",
        "include/books/report/main.py": "changed",
        "include/jobs/report.py": "unchanged",
        "include/books/report": "changed",
    }


def test_a_step_more_is_shown_with_its_command(run: Run) -> None:
    SPEC.write_text(SPEC.read_text() + "  - {name: tell, command: [echo, it is done], after: [render_clouds]}\n")
    output = run("--against", "HEAD", "--show", "difference").output
    assert "+ step tell: echo 'it is done'" in output


def test_an_older_revision_is_told_by_what_came_since(run: Run) -> None:
    edit(SPEC, "max_active_runs: 3", "max_active_runs: 5")
    git("commit", "--quiet", "--all", "--message", "second")
    assert difference(run("--against", "HEAD", "--json"))["difference"]["changes"] == []
    (change,) = difference(run("--against", "HEAD~1", "--json"))["difference"]["changes"]
    assert change == {
        "kind": "changed",
        "part": "pipeline",
        "name": "word_clouds",
        "path": "max_active_runs",
        "old": 3,
        "new": 5,
    }


def test_a_pipeline_that_a_revision_does_not_have_is_new(run: Run) -> None:
    git("rm", "--quiet", "--cached", str(SPEC))
    git("commit", "--quiet", "--message", "without it")
    told = difference(run("--against", "HEAD", "--json", "--exit-code"))
    assert told["difference"]["is_new"] is True
    assert {one["kind"] for one in told["difference"]["changes"]} == {"added"}
    assert {one["state"] for one in told["artifacts"]} == {"new"}


def test_the_working_copy_is_left_alone(run: Run) -> None:
    SCRIPT.write_text("# not committed")
    run("--against", "HEAD")
    assert SCRIPT.read_text() == "# not committed"
    assert (
        subprocess.run(["git", "worktree", "list"], capture_output=True, text=True, check=True).stdout.count("\n") == 1
    )


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=x", ""])
def test_a_revision_that_git_does_not_know_is_refused(run: Run, revision: str) -> None:
    error = run(f"--against={revision}").exception
    assert isinstance(error, EmrPipelinesError)
    assert revision in str(error)
    assert not Path("x").exists()


def test_a_revision_that_cannot_be_planned_says_why(run: Run) -> None:
    text = SPEC.read_text()
    SPEC.write_text(text.replace("output: parquet", "outputs: parquet", 1))
    git("commit", "--quiet", "--all", "--message", "broken")
    SPEC.write_text(text)
    error = run("--against", "HEAD").exception
    assert isinstance(error, EmrPipelinesError)
    assert "word_clouds as it is in HEAD cannot be planned" in str(error)
    assert "outputs" in str(error)


def test_the_plan_of_the_last_run_is_compared_with(project: Path, s3: Any, tmp_path: Path) -> None:
    copytree(project, tmp_path / "project", symlinks=True)
    root = tmp_path / "project"
    bucket = "s3://plan-against-published"
    edit(root / "config/environments/local.yaml", "bucket: s3://emr-pipelines-local", f"bucket: {bucket}")
    s3.create_bucket(Bucket=bucket.removeprefix("s3://"))
    against = ("plan", "word_clouds", "--against", "published", "--exit-code", "--show", "difference")
    first = run_tool(root, *against)
    assert (first.returncode, "of which none is of word_clouds" in first.stdout) == (2, True), first.stderr

    file = root / "config" / "pipelines" / "word_clouds.yaml"
    record = record_of(build_plan(load_pipeline(file, environment="local", project_root=root)), root)
    publish_plan(s3, record, bucket=bucket, run_id="manual__1", date="2005-01-01T00:00:00+00:00")
    same = run_tool(root, *against)
    assert (same.returncode, same.stdout.strip()) == (
        0,
        f"No difference to the plan {record.digest} of the run manual__1 (2005-01-01T00:00:00+00:00)",
    ), same.stderr

    edit(file, "max_active_runs: 3", "max_active_runs: 4")
    other = run_tool(root, *against)
    assert (other.returncode, "~ pipeline word_clouds max_active_runs: 3 → 4" in other.stdout) == (2, True)

"""`emr-pipelines render`: each body is one that EMR's API takes as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import botocore.session
import pytest
import typer
from botocore.validate import ParamValidator
from typer.testing import CliRunner, Result

from emr_pipelines.cli.plan.render import render_command
from emr_pipelines.errors import EmrPipelinesError

PLAN_TESTS = Path(__file__).parents[1] / "plan"
EMR = botocore.session.get_session().get_service_model("emr")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the verb, for a date, in the small project of the plan's goldens."""
    copytree(PLAN_TESTS / "project", tmp_path / "project")
    copytree(PLAN_TESTS / "good", tmp_path / "project" / "config" / "pipelines", ignore=ignore_patterns("*.json"))
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv("EMR_PIPELINES_ENV", raising=False)
    app = typer.Typer()
    app.command()(render_command)
    return lambda name, *arguments: CliRunner().invoke(app, [name, "--date", "2005-01-01", *arguments])


def refusals(operation: str, body: Any) -> str:
    return ParamValidator().validate(body, EMR.operation_model(operation).input_shape).generate_report()


@pytest.mark.parametrize("name", ["word_clouds", "groups", "commands", "existing_by_id", "cluster_security"])
def test_every_file_is_a_body_that_the_api_takes(run: Run, tmp_path: Path, name: str) -> None:
    written = run(name, "--out", str(tmp_path / "bodies")).output.split()
    assert sorted(written) == sorted(map(str, (tmp_path / "bodies").iterdir()))
    bodies = {Path(file).name: json.loads(Path(file).read_text()) for file in written}
    security, cluster = (bodies.pop(f"{stem}.json", None) for stem in ("create-security-configuration", "run-job-flow"))
    assert (security is None) == (name != "cluster_security")
    assert security is None or refusals("CreateSecurityConfiguration", security) == ""
    assert security is None or cluster["SecurityConfiguration"] == security["Name"]
    assert (cluster is None) == (name == "existing_by_id")
    assert cluster is None or refusals("RunJobFlow", cluster) == ""
    assert bodies
    for file, body in bodies.items():
        assert file.startswith("add-job-flow-steps-")
        assert refusals("AddJobFlowSteps", body) == ""
    assert "${" not in json.dumps([cluster, *bodies.values()])


def test_files_stand_in_the_order_of_the_steps(run: Run, tmp_path: Path) -> None:
    run("word_clouds", "--out", str(tmp_path / "bodies"))
    assert sorted(file.name for file in (tmp_path / "bodies").iterdir()) == [
        "add-job-flow-steps-1-preprocess_titles.json",
        "add-job-flow-steps-2-count_words.json",
        "add-job-flow-steps-3-render_clouds.json",
        "run-job-flow.json",
    ]


def test_one_body_is_printed_bare_and_all_by_name(run: Run) -> None:
    bodies = json.loads(run("word_clouds").output)
    assert list(bodies) == ["run-job-flow", "preprocess_titles", "count_words", "render_clouds"]
    for name, body in bodies.items():
        assert json.loads(run("word_clouds", "--only", name).output) == body
    arguments = bodies["count_words"]["Steps"][0]["HadoopJarStep"]["Args"]
    assert arguments[arguments.index("--input") + 1].endswith("/preprocess_titles/attempt=1")


def test_an_unknown_body_is_answered_with_the_nearest(run: Run) -> None:
    error = run("word_clouds", "--only", "count_word").exception
    assert isinstance(error, EmrPipelinesError)
    assert "Did you mean 'count_words'?" in str(error)

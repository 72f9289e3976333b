"""`emr-pipelines validate`, `schema` and the command line itself, as a user meets them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.cli.json_schemas import check_output
from typer.testing import CliRunner, Result

from emr_pipelines.cli.main import VERBS, app

ROOT = Path(__file__).parents[2]
USAGE_ERROR = 2
GOOD = "name: sales\ncluster: {primary: {instances: [m5.xlarge]}}\nsteps:\n  - {name: clean, command: [echo, hi]}\n"
ENVIRONMENT = """name: %s
connection: {id: aws_default}
region: us-east-1
bucket: s3://bucket
data: s3://bucket/data
logs: s3://bucket/logs
cluster: {release: emr-7.13.0, idle_timeout: %s}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config" / "pipelines").mkdir(parents=True)
    (tmp_path / "config" / "environments").mkdir()
    for name, idle_timeout in (("local", "15m"), ("late", "30d")):
        text = ENVIRONMENT % (name, idle_timeout)
        (tmp_path / "config" / "environments" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "config" / "pipelines" / "sales.yaml").write_text(GOOD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EMR_PIPELINES_ENV", raising=False)
    return tmp_path


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    result = CliRunner(env=env or {}).invoke(app, list(arguments))
    if result.exit_code != USAGE_ERROR:
        check_output(arguments, result.stdout)
    return result


def write(project: Path, name: str, text: str) -> Path:
    file = project / "config" / "pipelines" / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.usefixtures("project")
def test_a_good_project() -> None:
    result = run("validate")
    assert (result.exit_code, result.output) == (0, "1 spec, 0 problems\n")


def test_all_specs_of_the_project_are_checked(project: Path) -> None:
    write(project, "stock.yaml", GOOD.replace("sales", "stock").replace("command", "comand"))
    result = run("validate")
    assert result.exit_code == 1
    assert (
        "config/pipelines/stock.yaml:4:19: steps.0.comand: unknown key 'comand'\n    Did you mean 'command'?"
        in result.output
    )
    assert result.output.endswith("2 specs, 2 problems\n")


def test_names_and_paths_choose_specs(project: Path) -> None:
    bad = write(project, "stock.yaml", "nothing: here\n")
    assert run("validate", "sales").exit_code == 0
    assert run("validate", "sales", "stock").exit_code == 1
    assert run("validate", str(bad)).exit_code == 1


@pytest.mark.usefixtures("project")
def test_the_environment_comes_from_the_option_else_the_variable() -> None:
    assert run("validate", "--env", "late").exit_code == 1
    assert run("validate", env={"EMR_PIPELINES_ENV": "late"}).exit_code == 1
    assert run("validate", "--env", "local", env={"EMR_PIPELINES_ENV": "late"}).exit_code == 0
    unknown = run("validate", "--env", "lokal")
    assert unknown.exit_code == 1
    assert "Did you mean 'local'?" in unknown.output


def test_a_problem_of_the_environment_is_told_once(project: Path) -> None:
    write(project, "stock.yaml", GOOD.replace("sales", "stock"))
    assert run("validate", "--env", "late").output.endswith("2 specs, 1 problem\n")


@pytest.mark.parametrize("arguments", [[], ["sales", "stock"], ["config/pipelines/sales.yaml", "stock"]])
@pytest.mark.parametrize("second", ["sales.yml", "sales.json"])
def test_two_files_of_one_name_hide_no_other_problem(project: Path, second: str, arguments: list[str]) -> None:
    write(project, second, json.dumps(yaml.safe_load(GOOD)))
    write(project, "stock.yaml", GOOD.replace("sales", "stock").replace("command", "comand"))
    result = run("validate", *arguments)
    assert result.exit_code == 1
    assert (
        f"sales.yaml:1:7: name: the pipeline 'sales' has several files: {', '.join(sorted(['sales.yaml', second]))}"
        in result.output
    )
    assert "unknown key 'comand'" in result.output


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["slaes"], "Did you mean 'sales'?"), (["none.yaml"], "there is no such file"), (["--jsn"], "No such option")],
)
def test_wrong_usage_is_2(arguments: list[str], message: str) -> None:
    result = run("validate", *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_json_is_for_programs(project: Path) -> None:
    write(project, "sales.yaml", GOOD.replace("m5.xlarge", "xlarge"))
    result = run("validate", "--json")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert found["specs"] == 1
    assert found["problems"] == [
        {
            "file": "config/pipelines/sales.yaml",
            "line": 2,
            "column": 33,
            "path": "cluster.primary.instances.0",
            "message": "'xlarge' does not have the right form",
            "fix": "Write an EC2 instance type such as m5.2xlarge.",
            "rule": "value",
            "severity": "error",
        }
    ]


def test_a_warning_is_marked_and_stops_nothing(project: Path) -> None:
    write(project, "sales.yaml", GOOD.replace("[echo, hi]", '[hdfs, dfs, -mkdir, "hdfs:///sales"]'))
    result = run("validate")
    assert result.exit_code == 0
    assert result.output.startswith("config/pipelines/sales.yaml:4:28: warning: steps.0.command: no later step needs ")
    assert run("validate", "--strict").exit_code == 1
    assert result.output.endswith("1 spec, 0 problems, 1 warning\n")
    found = json.loads(run("validate", "--json").output)
    assert [(one["rule"], one["severity"]) for one in found["problems"]] == [("hdfs-result", "warning")]
    assert run("plan", "sales").exit_code == 0


def test_a_warning_beside_an_error_is_told_too(project: Path) -> None:
    text = GOOD.replace("[echo, hi]", '[hdfs, dfs, -mkdir, "hdfs:///sales"]').replace("m5.xlarge", "xlarge")
    write(project, "sales.yaml", text)
    result = run("validate")
    assert result.exit_code == 1
    assert result.output.endswith("1 spec, 1 problem, 1 warning\n")


@pytest.mark.usefixtures("project")
def test_schema_is_written_and_checked() -> None:
    assert run("schema", "--check").exit_code == 1
    assert run("schema", "--write").exit_code == 0
    assert run("schema", "--check").exit_code == 0
    assert json.loads(run("schema").output)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_changed_schema_is_noticed(project: Path) -> None:
    run("schema", "--write")
    file = project / "config" / "schema" / "pipeline.schema.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"owner"', '"boss"'), encoding="utf-8")
    result = run("schema", "--check")
    assert result.exit_code == 1
    assert "config/schema/pipeline.schema.json is not up to date" in result.output


@pytest.mark.parametrize("verb", ["validate", "schema"])
def test_light_verbs_import_no_airflow_and_no_boto3(verb: str) -> None:
    code = (
        "import sys\n"
        "from emr_pipelines.cli.main import main\n"
        f"sys.argv = ['emr-pipelines', {verb!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print([name for name in ('airflow', 'boto3', 'botocore') if name in sys.modules])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins"), "EMR_PIPELINES_ENV": "local"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_package_runs_as_a_module() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
    command = [sys.executable, "-m", "emr_pipelines", "validate", "word_clouds", "--env", "aws"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1 spec, 0 problems\n")


def test_errors_of_our_own_are_messages(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}
    command = [sys.executable, "-m", "emr_pipelines", "schema", "--check"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no folder here or above holds config/pipelines" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_lists_every_verb() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(verb in result.output for verb in VERBS)


def test_a_watched_project_is_checked_again_after_each_change(project: Path) -> None:
    command = [sys.executable, "-m", "emr_pipelines", "validate", "--watch"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "plugins"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE, text=True) as watching:
        try:
            assert read_until(watching, "Ctrl-C ends.") == ["1 spec, 0 problems"]
            write(project, "stock.yaml", GOOD.replace("sales", "stock").replace("command", "comand"))
            after_new = read_until(watching, "Ctrl-C ends.")
            assert "changed: config/pipelines/stock.yaml" in after_new
            assert any(line.startswith("2 specs, ") for line in after_new)
            (project / "config" / "pipelines" / "stock.yaml").unlink()
            assert "1 spec, 0 problems" in read_until(watching, "Ctrl-C ends.")
        finally:
            watching.send_signal(signal.SIGINT)
        assert watching.wait(60) == 0


def test_watching_and_json_do_not_go_together(project: Path) -> None:
    result = run("validate", "--watch", "--json")
    said = " ".join(result.output.replace("│", " ").split())
    assert (result.exit_code, "leave out --watch or --json" in said) == (2, True)


def read_until(process: subprocess.Popen[str], end: str) -> list[str]:
    """The lines that it prints before one that ends like this."""
    assert process.stdout is not None
    lines: list[str] = []
    while not (line := process.stdout.readline()).rstrip().endswith(end):
        assert line, f"it ended after {lines}"
        lines.append(line.rstrip("\n"))
    return lines

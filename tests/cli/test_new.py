"""`emr-pipelines new`: every template gives a pipeline that is valid, passes its own test and runs; what is there is never changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY

from emr_pipelines.authoring.new_pipeline import TEMPLATES

# Outputs to look at, by template: files that a person opens.
SEEN = {
    "spark": ["chart.png", "index.html", "table.csv"],
    "sql": ["chart.png", "index.html", "table.csv"],
    "streaming": ["part-00000"],
    "legacy": [".csv"],
}


def copy_project(root: Path, emr_url: str = "", state: Path | None = None) -> Path:
    for folder in ("dags", "include", "config"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    (root / "tests").mkdir()
    if state is not None:
        environment = root / "config" / "environments" / "local.yaml"
        environment.write_text(environment.read_text().replace("http://127.0.0.1:5566", emr_url))
        (root / ".emr_local").symlink_to(state)
    return root


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, emr_url: str, emr_state_dir: Path) -> Path:
    """A project with a pipeline of each template, named after it."""
    root = copy_project(tmp_path_factory.mktemp("made") / "project", emr_url, emr_state_dir)
    for template in TEMPLATES:
        done = run_tool(root, "new", f"own_{template}", "--template", template, "--schedule", "@daily")
        assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which nothing is made: each test is refused."""
    return copy_project(tmp_path_factory.mktemp("empty") / "project")


def files_of(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


def test_a_pipeline_of_each_template_is_valid_without_a_warning(made: Path) -> None:
    names = [f"own_{template}" for template in TEMPLATES]
    checked = run_tool(made, "validate", *names)
    assert checked.stdout == "4 specs, 0 problems\n", checked.stdout


def test_what_is_written_passes_the_linter_and_the_formatter(made: Path) -> None:
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."], cwd=made, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_the_own_tests_pass_with_plain_pytest(made: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=made, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


@pytest.mark.xdist_group("airflow")
@pytest.mark.parametrize(
    "template", [pytest.param(one, marks=[pytest.mark.slow] if one in ("sql", "legacy") else []) for one in TEMPLATES]
)
def test_a_run_is_green_and_leaves_something_to_look_at(template: str, made: Path) -> None:
    done = run_tool(made, "run", f"own_{template}", "--inline")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [Path(line.strip()) for line in done.stdout.splitlines() if "/s3/emr-pipelines-local/" in line]
    for ending in SEEN[template]:
        assert any(path.name.endswith(ending) and path.stat().st_size for path in shown), done.stdout


@pytest.mark.parametrize(
    ("schedule", "place"),
    [("@yearly", "date=${run.date}"), ("0 6 * * 1", "date=${run.date}"), ("@hourly", "run=${run.id}"), ("*/10 3 * * *", "run=${run.id}")],
)  # fmt: skip
def test_each_schedule_publishes_to_a_place_of_its_own_for_each_run(schedule: str, place: str, tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    done = run_tool(root, "new", "own", "--schedule", schedule)
    assert done.returncode == 0, done.stderr
    assert f"own/{place}" in (root / "config" / "pipelines" / "own.yaml").read_text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My Sales", "use lower-case letters, digits and underscores, a letter first, at most 63 characters, such as my_sales"),
        ("2024", "use lower-case letters, digits and underscores, a letter first, at most 63 characters"),
        ("sales.daily", "such as sales_daily"),
        ("../x", "such as x"),
        ("class", "is a word of Python, so no package can have it; use another, such as class_pipeline"),
        ("json", "is the name of a Python module, which the pipeline's package in include/pyspark would hide; use another, such as json_pipeline"),
        ("pandas", "is the name of a Python module"),
        ("emr_pipelines", "is the name of a Python module"),
        ("s" * 64, "at most 63 characters"),
    ],
)  # fmt: skip
def test_a_name_that_no_pipeline_can_have_is_refused(name: str, said: str, empty: Path) -> None:
    before = files_of(empty)
    done = run_tool(empty, "new", name)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert files_of(empty) == before


@pytest.mark.parametrize(
    "there",
    [
        "config/pipelines/own.yml",
        "config/pipelines/own.json",
        "dags/own.py",
        "tests/test_own.py",
        "include/pyspark/own/mine.py",
        "include/data/own/rows.csv",
    ],
)
@pytest.mark.parametrize("template", ["spark", "legacy"])
def test_what_exists_is_named_and_nothing_is_written(there: str, template: str, empty: Path) -> None:
    file = empty / there
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    before = files_of(empty)
    try:
        done = run_tool(empty, "new", "own", "--template", template)
        assert done.returncode == 1
        assert done.stderr.startswith("Nothing was written: ")
        assert there.removesuffix("/mine.py").removesuffix("/rows.csv") in done.stderr
        assert files_of(empty) == before
    finally:
        file.unlink()
        if file.parent.name == "own":
            file.parent.rmdir()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--schedule", "every day"], 1, "'every day' is no cron expression"),
        (["--schedule", "@yearl"], 1, "Did you mean '@yearly'?"),
        (["--template", "spak"], 2, "Did you mean 'spark'?"),
        (["--from", "nowhere.csv"], 1, "--from nowhere.csv: there is no such file"),
        (["--from", "config"], 1, "--from config is a folder"),
        (["--template", "sql", "--from", "config/pipelines/word_clouds.yaml"], 1, "leave one of them out"),
        (["--template", "legacy", "--from", "config/pipelines/word_clouds.yaml"], 1, "the key 'script_uri' is missing"),
    ],
)
def test_what_cannot_be_made_leaves_nothing_behind(arguments: list[str], code: int, said: str, empty: Path) -> None:
    before = files_of(empty)
    done = run_tool(empty, "new", "own", *arguments)
    assert done.returncode == code, done.stderr
    assert said in " ".join(done.stderr.replace("│", " ").split()), done.stderr
    assert "Traceback" not in done.stderr
    assert files_of(empty) == before
    assert not list(empty.rglob("own"))


def test_a_file_of_ones_own_becomes_a_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = copy_project(tmp_path / "project")
    own = tmp_path / "Meine Umsätze 2024.csv"
    own.write_text("Tag;Preis (€)\n25.12.2012;1.234,50\n05.01.2013;12,00\n", encoding="utf-8")
    done = run_tool(root, "new", "sales", "--from", str(own), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "include/data/sales/meine_umsatze_2024.csv" in told["files"]
    assert all((root / path).is_file() for path in told["files"])
    assert (root / "include/data/sales/meine_umsatze_2024.csv").read_bytes() == own.read_bytes()
    assert 'number("preis", "Preis (€)", decimal=",")' in (root / "include/pyspark/sales/read_rows.py").read_text()
    assert run_tool(root, "validate", "sales").stdout == "1 spec, 0 problems\n"


def test_an_older_system_of_ones_own_is_imported(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    documented = REPOSITORY / "tests" / "spec" / "legacy" / "good" / "documented" / "steps.json"
    done = run_tool(root, "new", "words", "--template", "legacy", "--from", str(documented), "--schedule", "@daily")
    assert done.returncode == 0, done.stderr
    assert run_tool(root, "validate", "words").returncode == 0
    assert 'schedule: "@daily"\nstart_date: ' in (root / "config" / "pipelines" / "words.yaml").read_text()


def test_new_imports_neither_airflow_nor_boto3(empty: Path) -> None:
    code = (
        "import sys; from emr_pipelines.cli.authoring import init, new; "
        "sys.exit(sorted({'airflow', 'boto3', 'pyspark'} & set(sys.modules)) or None)"
    )
    command = [sys.executable, "-c", code]
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_files_can_be_seen_on_a_narrow_terminal(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "project")
    done = run_tool(root, "new", "own", COLUMNS="60")
    assert "    include/pyspark/own/read_rows.py\n" in done.stdout

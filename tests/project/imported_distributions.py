"""What the code imports, and which distribution each module comes from."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import distribution, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
JOBS = ROOT / "include" / "pyspark"
# Folders that are on a path of their own, so that what lies in them is no third party's.
OWN_FOLDERS = (ROOT / "plugins", JOBS, ROOT / "include" / "data_generators", ROOT / "include" / "streaming")
# A program's beginning: from here on only the listed top-level names can be imported, as if nothing else were installed.
REFUSE_ALL_BUT = """
import sys
def refuse_all_but(allowed):
    allowed = {*allowed, *sys.stdlib_module_names}
    class Only:
        def __init__(self, finder):
            self.finder = finder
        def __getattr__(self, name):
            return getattr(self.finder, name)
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in allowed or name.startswith("_sysconfigdata"):
                return self.finder.find_spec(name, path, target)
    for name in [name for name in sys.modules if name.partition(".")[0] not in allowed]:
        del sys.modules[name]
    sys.meta_path[:] = [Only(finder) for finder in sys.meta_path]
"""


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


def with_their_requirements(wanted: Iterable[str]) -> set[str]:
    """Distributions, given as a requirement each, with all that is installed with them; their extras where one is asked for."""
    seen: set[tuple[str, str]] = set()
    left = [Requirement(text) for text in wanted]
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        new = {(name, extra) for extra in ("", *requirement.extras)} - seen
        seen |= new
        for _, extra in new:
            below = [Requirement(text) for text in requires(name) or ()]
            left += [one for one in below if one.marker is None or one.marker.evaluate({"extra": extra})]
    return {name for name, _ in seen}


def top_level_names(names: Iterable[str]) -> set[str]:
    """What can be imported where only these distributions are installed."""
    there = set(names)
    return {module for module, owners in distributions().items() if there.intersection(owners)}

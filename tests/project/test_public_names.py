"""What `import emr_pipelines` offers: the names of a DAG file and of programs that read specs and plans, at no cost before they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import emr_pipelines
from emr_pipelines import _OWNERS

PLUGINS = Path(__file__).parents[2] / "plugins"
SHOW_WHAT_IS_IMPORTED = """
import sys
before = set(sys.modules)
import {imported}
print(*sorted({{name.partition(".")[0] for name in set(sys.modules) - before}} - sys.stdlib_module_names))
"""


def imports_for_type_checkers() -> dict[str, str]:
    tree = ast.parse((PLUGINS / "emr_pipelines" / "__init__.py").read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    found = {}
    for statement in (line for block in blocks for line in block.body):
        assert isinstance(statement, ast.ImportFrom)
        for alias in statement.names:
            assert alias.asname == alias.name, "without `as` it is no public name to a type checker"
            found[alias.name] = str(statement.module)
    return found


def test_type_checkers_see_the_names_that_there_are() -> None:
    assert imports_for_type_checkers() == _OWNERS


@pytest.mark.parametrize("name", _OWNERS)
def test_a_public_name_is_what_its_owner_defines(name: str) -> None:
    found = getattr(emr_pipelines, name)

    assert found is getattr(import_module(_OWNERS[name]), name)
    assert found.__module__ == _OWNERS[name]
    assert found.__doc__
    assert name in dir(emr_pipelines)


def test_any_other_name_is_missing_as_from_every_module() -> None:
    with pytest.raises(AttributeError, match="module 'emr_pipelines' has no attribute 'build_dag'"):
        emr_pipelines.build_dag  # type: ignore[attr-defined]  # noqa: B018
    assert import_module("emr_pipelines.plan").__name__ == "emr_pipelines.plan"


def modules_of(imported: str) -> set[str]:
    program = SHOW_WHAT_IS_IMPORTED.format(imported=imported)
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(PLUGINS)}, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules_of("emr_pipelines") == {"emr_pipelines"}


def test_what_it_would_import_is_seen() -> None:
    assert {"emr_pipelines", "pydantic"} <= modules_of("emr_pipelines.pipeline_spec.loader")

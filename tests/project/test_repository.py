"""House rules that no linter knows, over every file that git would commit."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE_LINES = 400
FUNCTION_LINES = 50
FOLDER_MODULES = 20
COMMAND_LINE = ROOT / "plugins" / "emr_pipelines" / "cli" / "main.py"
# Folders of one developer's machine; /home/hadoop is every EMR node's.
HOME_OF_A_DEVELOPER = re.compile(r"(?<![\w.:/])/(?:Users|root|work|opt/(?!airflow\b)|home/(?!hadoop\b|airflow\b))[/\w]")


@cache
def committed_files() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in sorted(set(listing.stdout.split("\0"))) if name and (ROOT / name).is_file()]


def python_files(*folders: str) -> list[Path]:
    inside = tuple(ROOT / folder for folder in folders)
    files = [path for path in committed_files() if path.suffix == ".py" and path.is_relative_to(ROOT)]
    return [path for path in files if not inside or any(path.is_relative_to(folder) for folder in inside)]


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(), filename=str(path)))


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_no_module_is_too_long_to_review():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in python_files()}

    assert lengths
    assert {path: length for path, length in lengths.items() if length > MODULE_LINES} == {}


def test_no_folder_has_too_many_modules_to_find_one():
    modules = Counter(str(path.parent.relative_to(ROOT)) for path in python_files("plugins") if path.stem != "__init__")

    assert modules
    assert {folder: count for folder, count in modules.items() if count > FOLDER_MODULES} == {}


def test_no_function_is_too_long_to_read():
    functions = [
        (place(path, node.lineno), node.name, node.end_lineno - node.lineno + 1)
        for path in python_files("plugins", "include")
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert functions
    assert [function for function in functions if function[2] > FUNCTION_LINES] == []


def library_nodes(path: Path) -> Iterator[ast.AST]:
    """Everything but what runs under `if __name__ == "__main__"`."""
    for statement in ast.parse(path.read_text(), filename=str(path)).body:
        if not (isinstance(statement, ast.If) and ast.unparse(statement.test) == "__name__ == '__main__'"):
            yield from ast.walk(statement)


def test_libraries_neither_print_nor_exit():
    libraries = [path for path in python_files("plugins") if path != COMMAND_LINE and path.stem != "__main__"]
    calls = [
        (place(path, node.lineno), ast.unparse(node.func))
        for path in libraries
        for node in library_nodes(path)
        if isinstance(node, ast.Call)
    ]

    assert calls
    assert [call for call in calls if call[1] in {"print", "exit", "sys.exit", "os._exit"}] == []


def test_no_module_takes_a_name_of_the_standard_library():
    stems = {path.stem: str(path.relative_to(ROOT)) for path in python_files("plugins")}
    allowed = {"__init__", "__main__"}

    assert {path for stem, path in stems.items() if stem in sys.stdlib_module_names - allowed} == set()


def test_package_files_hold_a_docstring_only():
    files = {path for path in python_files("plugins") if path.stem == "__init__"}
    # The public names: tests/project/test_public_names.py.
    files.remove(ROOT / "plugins" / "emr_pipelines" / "__init__.py")
    bodies = {path: ast.parse(path.read_text()).body for path in files}

    wrong = [place(path, 1) for path, body in bodies.items() if len(body) != 1 or not isinstance(body[0], ast.Expr)]
    assert wrong == []


def test_nothing_names_a_folder_of_the_machine_it_was_written_on():
    found = []
    for path in committed_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [
            f"{place(path, number)} {line.strip()[:100]}"
            for number, line in enumerate(text.splitlines(), start=1)
            if HOME_OF_A_DEVELOPER.search(line)
        ]

    assert found == []


def test_the_readme_names_the_commands_that_exist():
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", readme))

    assert {"demo", "test"} <= named
    assert named <= targets

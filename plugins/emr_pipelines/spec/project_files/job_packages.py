"""Which Python packages travel with a job: its own folder, and those beside it that it imports. Parses source files, imports none of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath


def find_packages(project_root: Path, script: str) -> tuple[str, ...]:
    """The package folders that a script needs, its own first, each relative to the project's root.

    A script in a folder with `__init__.py` belongs to that package; any other script stands alone. Packages are looked for beside that package,
    or beside the script, and followed through each other's imports. What lies elsewhere is named by `py_files`.
    """
    folder = PurePosixPath(script).parent
    own = folder if folder.parts and _is_package(project_root / folder) else None
    beside = folder if own is None else own.parent
    sources = [project_root / script] if own is None else _sources(project_root / own)
    found = {} if own is None else {own.as_posix(): None}
    while sources:
        source = sources.pop(0)
        for name in _imported_names(source, _version(source)):
            package = beside / name
            if package.as_posix() not in found and _is_package(project_root / package):
                found[package.as_posix()] = None
                sources += _sources(project_root / package)
    return tuple(found)


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def _sources(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def _version(source: Path) -> tuple[int, int]:
    try:
        status = source.stat()
    except OSError:
        return (0, 0)
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4096)
def _imported_names(source: Path, version: tuple[int, int]) -> tuple[str, ...]:
    """The first parts of all absolute imports; none of a file that Python itself cannot read, which its own run will say.

    The steps of a pipeline share a package as a rule: each version of its files is parsed once, not once per step.
    """
    try:
        tree = ast.parse(source.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(sorted(set(_absolute_imports(tree))))


def _absolute_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]

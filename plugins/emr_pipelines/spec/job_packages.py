"""Which Python packages travel with a job: its own folder, and those beside it that it imports. Parses source files, imports none of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
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
        for name in sorted(set(_imported_names(sources.pop(0)))):
            package = beside / name
            if package.as_posix() not in found and _is_package(project_root / package):
                found[package.as_posix()] = None
                sources += _sources(project_root / package)
    return tuple(found)


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def _sources(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def _imported_names(source: Path) -> Iterator[str]:
    """The first parts of all absolute imports; none of a file that Python itself cannot read, which its own run will say."""
    try:
        tree = ast.parse(source.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]

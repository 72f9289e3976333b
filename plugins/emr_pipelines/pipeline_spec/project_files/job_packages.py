"""Which Python packages travel with a job: its own folder, and those beside it that it imports. Parses source files, imports none of them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from emr_pipelines.pipeline_spec.project_files.package_files import list_package
from emr_pipelines.pipeline_spec.project_files.python_source import read_python


def find_packages(project_root: Path, script: str) -> tuple[str, ...]:
    """The package folders that a script needs, its own first, each relative to the project's root.

    A script in a folder with `__init__.py` belongs to that package; any other script stands alone. Packages are looked for beside that package,
    or beside the script, and followed through each other's imports. What lies elsewhere is named by `py_files`. A file that Python cannot read
    imports nothing; a rule of its own says so.
    """
    folder = PurePosixPath(script).parent
    own = folder if folder.parts and _is_package(project_root / folder) else None
    beside = folder if own is None else own.parent
    sources = [project_root / script] if own is None else _sources(project_root, own)
    found = {} if own is None else {own.as_posix(): None}
    while sources:
        for name in read_python(sources.pop(0)).imports:
            package = beside / name
            if package.as_posix() not in found and _is_package(project_root / package):
                found[package.as_posix()] = None
                sources += _sources(project_root, package)
    return tuple(found)


def _is_package(folder: Path) -> bool:
    return (folder / "__init__.py").is_file()


def _sources(project_root: Path, package: PurePosixPath) -> list[Path]:
    return [file for file in list_package(project_root, package.as_posix()).files if file.suffix == ".py"]

"""Where things are in a project folder: the root, the specs, the environments, and the files that specs refer to. Reads the file system, writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from emr_pipelines.errors import Problem, SpecError
from emr_pipelines.pipeline_spec.notation.spelling import suggest
from emr_pipelines.pipeline_spec.project_files.job_packages import find_packages
from emr_pipelines.pipeline_spec.project_files.package_files import PackageFiles, list_package
from emr_pipelines.pipeline_spec.project_files.python_source import PythonSource, read_python

PIPELINES = Path("config") / "pipelines"
ENVIRONMENTS = Path("config") / "environments"
# The variable that picks an environment, read by the command line and while a DAG file is parsed; never here.
ENVIRONMENT_VARIABLE = "EMR_PIPELINES_ENV"
DEFAULT_ENVIRONMENT = "local"
SUFFIXES = (".yaml", ".yml", ".json")
_LISTED_FOLDERS = ("include",)


def find_project_root(start: Path) -> Path:
    """The folder at or above `start` that holds config/pipelines."""
    resolved = start.resolve()
    for folder in (resolved, *resolved.parents):
        if (folder / PIPELINES).is_dir():
            return folder
    raise SpecError(
        [
            Problem(
                file=str(start),
                message="no folder here or above holds config/pipelines",
                fix="Run this inside a project.",
                rule="project",
            )
        ]
    )


def pipeline_names(project_root: Path) -> tuple[str, ...]:
    """The names of the specs in config/pipelines, sorted."""
    return tuple(sorted({file.stem for file in _spec_files(project_root / PIPELINES)}))


def pipeline_files(project_root: Path, name: str) -> tuple[Path, ...]:
    """The file of a pipeline, or all files of its name, of which only one may stay. Raises SpecError for an unknown name."""
    return _files_named(project_root, PIPELINES, name, "pipeline")


def pipeline_file(project_root: Path, name: str) -> Path:
    """The file of a pipeline. Raises SpecError for an unknown or an ambiguous name."""
    return _named_file(project_root, PIPELINES, name, "pipeline")


def environment_file(project_root: Path, name: str) -> Path:
    """The file of an environment. Raises SpecError for an unknown or an ambiguous name."""
    return _named_file(project_root, ENVIRONMENTS, name, "environment")


def _named_file(project_root: Path, folder: Path, name: str, noun: str) -> Path:
    found = _files_named(project_root, folder, name, noun)
    if len(found) == 1:
        return found[0]
    names = ", ".join(file.name for file in found)
    message = f"the {noun} {name!r} has several files: {names}"
    raise SpecError([_problem(folder, name, message, "Keep one of them.")])


def _files_named(project_root: Path, folder: Path, name: str, noun: str) -> tuple[Path, ...]:
    # Asked for by name: listing the folder for each of a thousand specs would take most of the time of `validate`.
    candidates = [project_root / folder / f"{name}{suffix}" for suffix in SUFFIXES if Path(name).name == name]
    found = [file for file in candidates if os.path.isfile(file)]
    if not found:
        known = {file.stem for file in _spec_files(project_root / folder)}
        fix = suggest(name, known, f"{noun}s")
        raise SpecError([_problem(folder, name, f"there is no {noun} {name!r}", fix)])
    return tuple(sorted(found))


def _problem(folder: Path, name: str, message: str, fix: str) -> Problem:
    return Problem(file=(folder / f"{name}.yaml").as_posix(), message=message, fix=fix, rule="project")


def _spec_files(folder: Path) -> list[Path]:
    return (
        sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and file.is_file())
        if folder.is_dir()
        else []
    )


def relative_name(file: Path, project_root: Path) -> str:
    """A file's name as messages show it: relative to the project where it lies inside."""
    resolved, root = file.absolute(), project_root.absolute()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else file.as_posix()


class ProjectFiles:
    """The files of one project that specs may refer to, as they are when they are first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._sources: dict[str, PythonSource] = {}
        self._packages: dict[str, PackageFiles] = {}
        self._packages_by_script: dict[str, tuple[str, ...]] = {}

    def is_file(self, path: str) -> bool:
        """Whether the path is a file in the project."""
        return os.path.isfile(self.root / path)

    def is_dir(self, path: str) -> bool:
        """Whether the path is a folder in the project."""
        return os.path.isdir(self.root / path)

    def namesakes_of(self, path: str) -> tuple[str, ...]:
        """The other spec files of the same name in the file's folder."""
        file = Path(path)
        others = (file.with_suffix(suffix) for suffix in SUFFIXES if suffix != file.suffix)
        return tuple(other.as_posix() for other in others if self.is_file(other.as_posix()))

    def leaves_project(self, path: str) -> bool:
        """Whether the path, with its symbolic links followed, lies outside of the project."""
        try:
            return not (self.root / path).resolve().is_relative_to(self.root)
        except (ValueError, OSError, RuntimeError):  # a null byte, too long a name, a link to itself: no file has it
            return False

    def is_own_file(self, path: str) -> bool:
        """Whether the path, written from the project's root, is a file that lies in the project."""
        return not path.startswith("/") and self.is_file(path) and not self.leaves_project(path)

    def text_of(self, path: str) -> str | None:
        """The text of a file in the project; None for what is none, or no text."""
        content = self.bytes_of(path)
        try:
            return None if content is None else content.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def bytes_of(self, path: str) -> bytes | None:
        """What a file in the project holds; None for what is none, or cannot be read."""
        if not self.is_own_file(path):
            return None
        try:
            return (self.root / path).read_bytes()
        except OSError:
            return None

    def python(self, path: str) -> PythonSource:
        """A Python file of the project as it reads; without imports and flaws for one that is not there."""
        if path not in self._sources:
            self._sources[path] = read_python(self.root / path) if self.is_own_file(path) else PythonSource()
        return self._sources[path]

    def package(self, folder: str) -> PackageFiles:
        """The files of a package folder that travel, and the links in it that cannot."""
        if folder not in self._packages:
            self._packages[folder] = list_package(self.root, folder)
        return self._packages[folder]

    def packages_of(self, script: str) -> tuple[str, ...]:
        """The folders of the Python packages that the script needs, its own first."""
        if script not in self._packages_by_script:
            self._packages_by_script[script] = find_packages(self.root, script)
        return self._packages_by_script[script]

    def code_names(self) -> frozenset[str]:
        """The names of the files under include/, and those by which Python could import them, were they on its path."""
        files = [PurePosixPath(name) for name in self.names]
        modules = [file for file in files if file.suffix == ".py"]
        return frozenset(
            {file.name for file in files} | {file.stem for file in modules} | {file.parent.name for file in modules}
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every file under include/, for suggestions."""
        return tuple(sorted(name for folder in _LISTED_FOLDERS for name in self._names_under(self.root / folder)))

    def _names_under(self, folder: Path) -> Iterator[str]:
        for file in folder.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(self.root).as_posix()

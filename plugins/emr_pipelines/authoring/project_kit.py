"""What a new project is made of besides the packages themselves: files of this project's checkout, which a wheel carries as data. The standard library alone: setup.py imports it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
# From the folder that holds the package.
KIT_FOLDER = "emr_pipelines/authoring/kit"
_KIT = (
    "include/pyspark/batch_job",
    "include/pyspark/local_spark",
    "include/data_generators/describe_file.py",
    "include/data_generators/file_description",
    "include/bootstrap/install_python_packages.sh",
    "config/environments/aws.yaml",
    "config/environments/local.yaml",
    "dags/emr_reaper.py",
    "plugins/.airflowignore",
    "plugins/emr_pipelines_plugin.py",
    "requirements.txt",
    "constraints.txt",
    "pyproject.toml",
)
_LEFT_BEHIND = ("__pycache__",)


def kit_root() -> Path:
    """Where the kit is: in the package, when it came as a wheel or was copied by `init`; else the checkout that the package lies in."""
    carried = _PACKAGE.parent / KIT_FOLDER
    return carried if carried.is_dir() else _PACKAGE.parent.parent


def kit_files(root: Path) -> dict[str, bytes]:
    """The files of the kit below a root, by their paths from there. Raises FileNotFoundError when one is missing."""
    return {path: content for part in _KIT for path, content in _files(root, part).items()}


def package_files() -> dict[str, bytes]:
    """The files of both packages as a project has them, in plugins/, and the kit within the one that needs it."""
    packages = {
        f"plugins/{path}": content
        for name in ("emr_pipelines", "emr_local")
        for path, content in _files(_PACKAGE.parent, name).items()
    }
    return packages | {f"plugins/{KIT_FOLDER}/{path}": content for path, content in kit_files(kit_root()).items()}


def _files(root: Path, part: str) -> dict[str, bytes]:
    whole = root / part
    if not whole.is_dir():
        return {part: whole.read_bytes()}
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in sorted(whole.rglob("*"))
        if file.is_file() and not set(file.relative_to(root).parts) & set(_LEFT_BEHIND)
    }

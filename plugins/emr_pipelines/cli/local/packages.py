"""The packages that emr_local needs, and how they are installed: they are the extra `local`, which a deployment goes without."""

from __future__ import annotations

from importlib.util import find_spec

from emr_pipelines.cli.project.python_process import PACKAGE_FOLDER
from emr_pipelines.errors import EmrPipelinesError

# What emr_local imports, but for what the package itself depends on: top-level name → distribution.
NEEDED = {"moto": "moto[server]", "werkzeug": "moto[server]", "pyspark": "pyspark", "py4j": "pyspark"}
# `emr-pipelines init` puts the description of the packages beside them, since a project may have one of its own.
_DESCRIBED_IN = "./plugins" if (PACKAGE_FOLDER / "pyproject.toml").is_file() else "."
INSTALL = f"pip install --constraint constraints.txt --editable '{_DESCRIBED_IN}[local]'"


def require_packages() -> None:
    """Raise EmrPipelinesError, which names what is missing and the command that installs it, when emr_local cannot run here."""
    missing = {distribution: None for module, distribution in NEEDED.items() if find_spec(module) is None}
    if missing:
        raise EmrPipelinesError(
            f"emr_local needs {' and '.join(missing)}, which this environment lacks; in the project's folder: {INSTALL}"
        )


def missing_module(words: str) -> str | None:
    """The module whose absence ended a program, by the last line that it wrote."""
    _, found, name = words.strip().rpartition("ModuleNotFoundError: No module named ")
    return name.strip("'\"") if found and "\n" not in name else None

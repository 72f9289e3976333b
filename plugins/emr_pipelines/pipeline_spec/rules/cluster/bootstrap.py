"""Rules about bootstrap actions that are scripts of this project. Reads those scripts and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.pipeline_spec.catalog.releases import Release, find_release
from emr_pipelines.pipeline_spec.context import Context, RuleViolation
from emr_pipelines.pipeline_spec.file_references import file_references, is_project_path
from emr_pipelines.pipeline_spec.notation.plain_values import scalars_in

# The pip of the system's Python where a command begins: `pip3 install`, `sudo python3 -m pip install`; not `python3.11 -m pip` nor `"$python" -m pip`.
_COMMAND = r"(?:^|[;&|(!]|\b(?:sudo|then|do|else|if)\b)\s*(?:-\S+\s+)*(?:\w+=\S*\s+)*"
_SYSTEM_PIP = re.compile(_COMMAND + r"(?:/usr/bin/)?(pip3?|python3?\s+-m\s+pip)\s+(?:-\S+\s+)*install\b")
_INTERPRETER_KEYS = ("PYSPARK_PYTHON", "spark.pyspark.python")


def check_python(context: Context) -> Iterator[RuleViolation]:
    """What a bootstrap action installs by pip is there for the Python that PySpark runs."""
    release = find_release(context.spec.cluster.release or "")
    if release is None or not _needs_packages(context):
        return
    system = release.system_python
    if system is None or system == release.pyspark_python:
        return
    for path, text in file_references(context):
        if path[:2] != ("cluster", "bootstrap") or not is_project_path(text):
            continue
        for number, command in _find_system_pip(context.files.text_of(text) or ""):
            better = release.pyspark_python or release.python[-1]
            yield RuleViolation(
                path=path,
                message=f"line {number} of {text} installs by {command} for Python {system}, but {_pyspark_of(release)}",
                fix=f"Write python{better} -m pip install there, and spark.pyspark.python: /usr/bin/python{better} in the step's conf.",
            )


def _needs_packages(context: Context) -> bool:
    """Whether a Python job runs, with the interpreter that the release chooses."""
    jobs = [step.spark for step in context.spec.steps if step.spark and (step.spark.script or "").endswith(".py")]
    chosen = any(
        word in str(part) for path, _ in scalars_in(context.value) for part in path for word in _INTERPRETER_KEYS
    )
    return bool(jobs) and not chosen


def _find_system_pip(script: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(script.splitlines(), start=1):
        found = _SYSTEM_PIP.search(line.partition("#")[0])
        if found:
            yield number, f"{found.group(1)} install"


def _pyspark_of(release: Release) -> str:
    if release.pyspark_python:
        return f"PySpark of {release.label} runs {release.pyspark_python}"
    installed = " and ".join(release.python)
    return f"AWS does not say which Python PySpark of {release.label} runs (it has {installed} for it)"

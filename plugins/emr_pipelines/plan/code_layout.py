"""Where the project's files go when the code is published: which are uploaded, and under which name. Pure: reads no file.

A text of the spec names something in the project exactly when the loader found it there; every other text is left as it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from emr_pipelines.plan.model import Artifact
from emr_pipelines.spec.models import BootstrapSpec, PipelineSpec, SparkSpec, StepSpec
from emr_pipelines.spec.placeholders import escape_literal


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLayout:
    """The artifacts of a plan, and the address that each project path gets."""

    artifacts: tuple[Artifact, ...]
    targets: Mapping[str, str]
    packages: Mapping[str, str]

    def address(self, text: str) -> str:
        """`${code.prefix}/<target>` for a path in the project, any other text unchanged; `#alias` of an archive is kept."""
        path, mark, alias = text.partition("#")
        target = self.targets.get(path)
        return text if target is None else f"${{code.prefix}}/{escape_literal(target)}{mark}{alias}"

    def package_of(self, script: str | None) -> str | None:
        """The address of the zip with the script's own package; None when the script stands alone."""
        folder = self.packages.get(script or "")
        return None if folder is None else self.address(folder)


def lay_out_code(spec: PipelineSpec, project_files: frozenset[str], packages: Mapping[str, str]) -> CodeLayout:
    """Choose the artifacts of a pipeline: each file under its own path, each package as a zip with a name of its own."""
    named = [text.partition("#")[0] for text in _texts_of(spec)]
    files = sorted({path for path in named if path in project_files})
    folders = sorted({packages[path] for path in named if path in packages})
    zips = _zip_names(folders, taken=files)
    artifacts = (
        *(Artifact(kind="file", source=path, target=path) for path in files),
        *(Artifact(kind="package", source=folder, target=zips[folder]) for folder in folders),
    )
    return CodeLayout(artifacts=artifacts, targets={item.source: item.target for item in artifacts}, packages=packages)


def _texts_of(spec: PipelineSpec) -> Iterator[str]:
    """Every text of the spec that may name something in the project."""
    for action in spec.cluster.bootstrap or []:
        yield action.script if isinstance(action, BootstrapSpec) else action
    for step in spec.steps:
        yield from _texts_of_step(step)


def _texts_of_step(step: StepSpec) -> Iterator[str]:
    yield from step.inputs.values()
    yield from (argument for argument in step.command or [] if isinstance(argument, str))
    if step.spark is not None:
        yield from _texts_of_spark(step.spark)


def _texts_of_spark(spark: SparkSpec) -> Iterator[str]:
    yield from (text for text in (spark.script, spark.jar) if text is not None)
    yield from (*spark.py_files, *spark.files, *spark.archives)


def _zip_names(folders: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """A zip name for each package folder: its own name, numbered from the second folder of the same name on."""
    names: dict[str, str] = {}
    used = set(taken)
    for folder in folders:
        stem, number = PurePosixPath(folder).name, 1
        name = f"{stem}.zip"
        while name in used:
            number += 1
            name = f"{stem}-{number}.zip"
        used.add(name)
        names[folder] = name
    return names

"""Loads a pipeline's spec over its environment. Collects every problem of both files before it raises."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emr_pipelines.errors import Problem, SpecError
from emr_pipelines.pipeline_spec.context import Context, environment_values
from emr_pipelines.pipeline_spec.environment import ReadEnvironment, read_environment, read_environment_file
from emr_pipelines.pipeline_spec.file_references import project_files_of
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.pipeline_spec.models.pipeline import PipelineSpec
from emr_pipelines.pipeline_spec.models.suppression import SuppressionSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text, scalars_in
from emr_pipelines.pipeline_spec.project_files.project import ProjectFiles, relative_name
from emr_pipelines.pipeline_spec.reading.document import Document
from emr_pipelines.pipeline_spec.reading.fallback_values import pipeline_fallback
from emr_pipelines.pipeline_spec.reading.overlay import overlay_cluster
from emr_pipelines.pipeline_spec.reading.source import read_source
from emr_pipelines.pipeline_spec.reading.validation import ValidatedDocument, validate_document
from emr_pipelines.pipeline_spec.rules.place_owners import PublishedPlace, find_shared, published_places
from emr_pipelines.pipeline_spec.rules.registry import find_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSpec:
    """A spec without errors. All paths are relative to the project root, with forward slashes.

    `digest` is of the spec merged with its environment; `project_files` are the files that the spec refers to; `packages` maps a script to the
    package folders that travel with it; `step_lines` says where each step stands in `file`, `cluster_place` where its cluster does (`file:line`), and
    `cluster_places` where each value of the cluster does, in the order of the files. `warnings` are problems that do not stop a run. `suppressions`
    are the pipeline's own, `environment_suppressions` those of the environment's file, each with its place.
    """

    spec: PipelineSpec
    environment: EnvironmentSpec
    file: str
    digest: str
    project_files: frozenset[str]
    packages: Mapping[str, tuple[str, ...]]
    step_lines: Mapping[str, int]
    cluster_place: str
    cluster_places: tuple[tuple[str, str], ...]
    warnings: tuple[Problem, ...] = ()
    suppressions: tuple[tuple[SuppressionSpec, str], ...] = ()
    environment_suppressions: tuple[tuple[SuppressionSpec, str], ...] = ()


def load_pipeline(file: Path, *, environment: str, project_root: Path) -> LoadedSpec:
    """Load a spec in an environment. Raises SpecError with all errors of both files."""
    context, problems = _read_pipeline(file, environment, project_root, ProjectFiles(project_root))
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise SpecError(errors)
    return _build_loaded(context, problems)


def _read_pipeline(
    file: Path, environment: str, project_root: Path, files: ProjectFiles
) -> tuple[Context, list[Problem]]:
    """What could be read of a spec and its environment, with all problems of both files."""
    base = read_environment(environment, project_root)
    document, text_problems = read_source(file, relative_name(file, project_root))
    problems = [*base.problems, *text_problems]
    merged = overlay_cluster(document, base.document, base.validated.value.get("cluster", {}))
    validated = validate_document(PipelineSpec, merged, pipeline_fallback)
    context = _build_context(merged, validated, base, files)
    if () not in document.broken:
        problems += [*validated.problems, *find_problems(context)]
    return context, problems


def load_environment(file: Path) -> EnvironmentSpec:
    """Load one file of a project's config/environments. Raises SpecError with all its problems."""
    project_root = file.absolute().parents[2]
    read = read_environment_file(file, relative_name(file, project_root))
    if read.problems:
        raise SpecError(read.problems)
    return read.validated.model


def check_pipeline(file: Path, *, environment: str, project_root: Path) -> Sequence[Problem]:
    """All problems of a spec and its environment, in the order of the files; warnings alone when it loads."""
    return sorted(_read_pipeline(file, environment, project_root, ProjectFiles(project_root))[1])


def check_pipelines(files: Iterable[tuple[Path, Path]], *, environment: str) -> Sequence[Problem]:
    """All problems of several specs, each given with its project's root: their own, and the places that two of them publish to.

    Specs of one environment share its problems; each is told once.
    """
    problems: set[Problem] = set()
    places: dict[Path, list[PublishedPlace]] = {}
    looked_at: dict[Path, ProjectFiles] = {}  # what several specs name is looked at once
    for file, project_root in files:
        of_project = looked_at.setdefault(project_root, ProjectFiles(project_root))
        context, found = _read_pipeline(file, environment, project_root, of_project)
        problems.update(found)
        places.setdefault(project_root, []).extend(published_places(context))
    return sorted(problems.union(*(find_shared(of_one) for of_one in places.values())))


def current_date() -> dt.date:
    """Today, for warnings about what has an end; nothing else in this room reads the clock."""
    return dt.datetime.now(dt.UTC).date()


def _build_context(
    document: Document, validated: ValidatedDocument[PipelineSpec], base: ReadEnvironment, files: ProjectFiles
) -> Context:
    return Context(
        spec=validated.model,
        environment=base.validated.model,
        document=document,
        value=validated.value,
        broken=validated.broken,
        files=files,
        today=current_date(),
        environment_document=base.document,
        environment_is_whole=not base.problems,
        variables=environment_values(base.validated.model),
    )


def _build_loaded(context: Context, warnings: Sequence[Problem]) -> LoadedSpec:
    scripts = [context.resolve(step.spark.script) for step in context.spec.steps if step.spark and step.spark.script]
    packages = {script: context.files.packages_of(script) for script in scripts}
    return LoadedSpec(
        spec=context.spec,
        environment=context.environment,
        file=context.document.file,
        digest=_digest(context.spec, context.environment),
        project_files=frozenset(project_files_of(context)),
        packages={script: folders for script, folders in packages.items() if folders},
        step_lines={step.name: context.document.mark(path).line for path, step in context.steps()},
        cluster_place=context.document.mark(("cluster",), at_key=True).place,
        cluster_places=tuple(_cluster_places(context)),
        warnings=tuple(sorted(warnings)),
        suppressions=_placed(context.spec.suppress, context.document),
        environment_suppressions=_placed(context.environment.suppress, context.environment_document),
    )


def _placed(suppressions: Sequence[SuppressionSpec], document: Document) -> tuple[tuple[SuppressionSpec, str], ...]:
    return tuple((one, document.mark(("suppress", index)).place) for index, one in enumerate(suppressions))


def _cluster_places(context: Context) -> Iterator[tuple[str, str]]:
    """Each value of the cluster as text, with its place in the spec or in the environment's file."""
    for path, value in scalars_in(context.value.get("cluster"), ("cluster",)):
        yield scalar_text(value), context.document.mark(path).place


def _digest(spec: PipelineSpec, environment: EnvironmentSpec) -> str:
    # Without defaults: a key that a later release adds changes the digest of no spec that does not use it.
    content = {
        "spec": spec.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "environment": environment.model_dump(mode="json", by_alias=True, exclude_defaults=True),
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]

"""The specs of a project as they are in its environment, checked and built. The one way of every verb from a pipeline's name to its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emr_pipelines.cli.project.options import Project
from emr_pipelines.pipeline_spec.project_files.project import pipeline_file, pipeline_names

if TYPE_CHECKING:  # a verb that only tells its options does not wait for what reads specs
    from emr_pipelines.pipeline_spec.loader import LoadedSpec
    from emr_pipelines.plan.model import Plan


def load_spec(project: Project, name: str) -> LoadedSpec:
    """A pipeline's spec. Raises SpecError with all problems."""
    from emr_pipelines.pipeline_spec.loader import load_pipeline  # as above

    file = pipeline_file(project.root, name)
    return load_pipeline(file, environment=project.environment.name, project_root=project.root)


def plan_of(project: Project, name: str) -> Plan:
    """A pipeline's plan. Raises SpecError with all problems of its spec."""
    from emr_pipelines.plan.build import build_plan  # as above

    return build_plan(load_spec(project, name))


def all_plans(project: Project) -> list[Plan]:
    """The plans of all pipelines of the project."""
    return [plan_of(project, name) for name in pipeline_names(project.root)]

"""What a plan is compared with: that of another git revision, or the last one that a run used. Imports AWS libraries only when S3 is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from emr_pipelines.cli.plan.git_revision import project_at
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.project.plans import plan_of
from emr_pipelines.errors import EmrPipelinesError, SpecError
from emr_pipelines.pipeline_spec.project_files.project import pipeline_names
from emr_pipelines.plan.differences.plan_difference import PlanChange, compare_plans
from emr_pipelines.plan.differences.plan_record import PlanRecord, record_plan
from emr_pipelines.plan.model import Plan
from emr_pipelines.storage.artifact_contents import code_prefix_of, describe_contents, read_contents

PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a plan changes against another one, which `against` names for people; `is_new` says that there is no other one."""

    against: str
    is_new: bool
    changes: tuple[PlanChange, ...]


def record_of(plan: Plan, project_root: Path) -> PlanRecord:
    """The plan's record, with the content of the code as it lies in the project now."""
    contents = read_contents(plan.artifacts, project_root)
    artifacts = describe_contents(plan.artifacts, contents)
    return record_plan(plan, artifacts, str(code_prefix_of(contents, plan.bucket)))


def difference_against(against: str, project: Project, record: PlanRecord) -> Difference:
    """The difference against `published`, the plan of the last run, or against a git revision."""
    name = record.plan["name"]
    label, before = _published(project, name) if against == PUBLISHED else _committed(against, project, name)
    return Difference(against=label, is_new=before is None, changes=compare_plans(before, record))


def _published(project: Project, name: str) -> tuple[str, PlanRecord | None]:
    from emr_pipelines.cli.local.endpoint import at_own_server
    from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages, s3_client
    from emr_pipelines.storage.published_plan import read_published_plan

    environment = at_own_server(project).environment
    with aws_errors_as_messages(environment):
        found = read_published_plan(s3_client(environment), bucket=environment.bucket, pipeline=name)
    if found is None:
        return f"the published plans in {environment.bucket}, of which none is of {name}", None
    run = found.publication
    return f"the plan {run.digest} of the run {run.run_id} ({run.date})", found.record


def _committed(revision: str, project: Project, name: str) -> tuple[str, PlanRecord | None]:
    with project_at(revision, project.root) as root:
        if name not in pipeline_names(root):
            return f"{revision}, which has no pipeline {name}", None
        try:
            plan = plan_of(replace(project, root=root), name)
        except SpecError as error:
            raise EmrPipelinesError(
                f"{name} as it is in {revision} cannot be planned, so there is nothing to compare with; choose another revision.\n{error}"
            ) from error
        return revision, record_of(plan, root)

"""The code of a run on S3, and the plan that the run follows. Reads the project's files; an S3 client is passed in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from emr_pipelines.plan.differences.plan_record import record_plan
from emr_pipelines.plan.runs.run_scope import RunScope
from emr_pipelines.storage.artifact_contents import describe_contents, read_contents
from emr_pipelines.storage.code_artifacts import publish_code
from emr_pipelines.storage.published_plan import publish_plan

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


def publish_run(s3: S3Client, scope: RunScope, project_root: Path, *, run_id: str, date: str) -> str:
    """Upload the code and return its prefix. A whole run also leaves its plan, with which `emr-pipelines plan --against published` compares."""
    plan = scope.plan
    contents = read_contents(plan.artifacts, project_root)
    prefix = publish_code(s3, contents, bucket=plan.bucket)
    if scope.is_whole:
        record = record_plan(plan, describe_contents(plan.artifacts, contents), prefix)
        publish_plan(s3, record, bucket=plan.bucket, run_id=run_id, date=date)
    return prefix

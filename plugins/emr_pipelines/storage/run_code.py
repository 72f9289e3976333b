"""The code of a run on S3, and the plan that the run follows. Reads the project's files; an S3 client is passed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.plan.differences.plan_record import record_plan
from emr_pipelines.plan.keys import run_year
from emr_pipelines.plan.runs.run_scope import RunScope
from emr_pipelines.storage.artifact_contents import describe_contents, read_contents
from emr_pipelines.storage.code_artifacts import publish_code
from emr_pipelines.storage.published_plan import publish_plan, store_plan
from emr_pipelines.storage.run_records import RunRecord, record_run

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


def publish_run(
    s3: S3Client, scope: RunScope, project_root: Path, *, run_id: str, moment: str, params: Mapping[str, Any]
) -> str:
    """Upload the code and return its prefix; leave the run's plan, with which a whole one is compared by `emr-pipelines plan --against published`, and its record.

    `moment` is the run's logical date (ISO), which a run of single steps has from those that it repeats.
    """
    plan = scope.plan
    contents = read_contents(plan.artifacts, project_root)
    prefix = publish_code(s3, contents, bucket=plan.bucket)
    record = record_plan(plan, describe_contents(plan.artifacts, contents), prefix)
    if scope.is_whole:
        publish_plan(s3, record, bucket=plan.bucket, run_id=run_id, date=moment)
    else:
        store_plan(s3, record, bucket=plan.bucket)
    begun = _record_of(scope, run_id, moment, params)
    record_run(s3, plan.bucket, replace(begun, plan_digest=record.digest, code_prefix=prefix))
    return prefix


@contextmanager
def refusals_recorded(
    s3: S3Client,
    scope: RunScope,
    *,
    run_id: str,
    moment: str,
    params: Mapping[str, Any],
    skips: Callable[[Exception], bool],
) -> Iterator[None]:
    """Leave a record of a run that the block ends, or whoever looks would take the run before for the newest. `skips` tells what is no failure."""
    try:
        yield
    except Exception as error:
        # What ended the run is what must be told, not that a record of it could not be written.
        with suppress(ClientError, BotoCoreError, ValueError):
            begun = _record_of(scope, run_id, moment, params)
            record_run(s3, scope.plan.bucket, replace(begun, refusal=str(error), skipped=skips(error)))
        raise


def _record_of(scope: RunScope, run_id: str, moment: str, params: Mapping[str, Any]) -> RunRecord:
    date = dt.date.fromisoformat(moment[:10] if scope.is_whole else scope.date)
    return RunRecord(
        pipeline=scope.plan.name,
        run_id=run_id,
        date=date.isoformat(),
        year=run_year(params, date, date),
        plan_digest="",
        code_prefix="",
        is_whole=scope.is_whole,
        params=dict(params),
    )

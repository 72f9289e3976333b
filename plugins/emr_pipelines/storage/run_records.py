"""Which runs a pipeline has had: `<bucket>/plans/<pipeline>/runs/date=<date>/year=<year>/<run folder>.json`, one small record a run. An S3 client is passed in.

The key says date, year and run, so that a run is chosen by a listing alone. A run that publishes its code again (a retry, a clear) writes its record again, which makes it the newest.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.s3_places import PLANS
from emr_pipelines.plan.differences.plan_record import PlanRecord, parse_record
from emr_pipelines.plan.keys import path_safe_run_id
from emr_pipelines.storage.records import read_record
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_NAME = re.compile(r"date=(?P<date>[^/]+)/year=(?P<year>[0-9]+)/(?P<folder>[^/]+)\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run as it began: Airflow's run id, its logical date (YYYY-MM-DD) and year, its parameters, and the digest of the plan that it follows.

    `is_whole` is false for a run of single steps; its plan holds only those. `refusal` says why a run ended before its code was published, as for an input that is
    missing, and has no plan; `skipped` when the spec says that this is no failure.
    """

    pipeline: str
    run_id: str
    date: str
    year: int
    plan_digest: str
    code_prefix: str
    is_whole: bool = True
    params: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""
    skipped: bool = False

    @property
    def folder(self) -> str:
        """The run id as it stands in addresses."""
        return path_safe_run_id(self.run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRun:
    """A run that has a record: what its address says, and when it was written last."""

    pipeline: str
    date: str
    year: int
    folder: str
    recorded_at: dt.datetime


def record_run(s3: S3Client, bucket: str, run: RunRecord) -> None:
    """Say, in the bucket where its outputs will lie, that this run has begun."""
    folder = _folder(bucket, run.pipeline)
    key = folder.child(f"date={run.date}/year={run.year}/{run.folder}.json")
    body = json.dumps(asdict(run), sort_keys=True, default=str).encode()
    s3.put_object(Bucket=folder.bucket, Key=key, Body=body, ContentType="application/json")


def list_runs(s3: S3Client, bucket: str, pipeline: str, *, date: str = "") -> list[KnownRun]:
    """The runs of a pipeline, newest first; with `date` those of one date. A pipeline that never ran, and a bucket that is not there yet, have none."""
    folder = _folder(bucket, pipeline)
    start = folder.child(f"date={date}/" if date else "")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=folder.bucket, Prefix=start)
    found = []
    try:
        for item in (item for page in pages for item in page.get("Contents", [])):
            name = _NAME.fullmatch(item["Key"].removeprefix(folder.child("")))
            if name is not None:
                found.append((item["LastModified"], item["Key"], name))
    except s3.exceptions.NoSuchBucket:
        return []
    return [
        KnownRun(
            pipeline=pipeline, date=name["date"], year=int(name["year"]), folder=name["folder"], recorded_at=written
        )
        for written, _, name in sorted(found, key=lambda one: one[:2], reverse=True)
    ]


def read_run(s3: S3Client, bucket: str, known: KnownRun) -> RunRecord:
    """The record of a run. Raises EmrPipelinesError, naming the object, when it is gone or of another form."""
    folder = _folder(bucket, known.pipeline)
    key = folder.child(f"date={known.date}/year={known.year}/{known.folder}.json")
    value = read_record(s3, folder.bucket, key).value
    try:
        return RunRecord(**(value or {}))
    except TypeError as error:
        raise EmrPipelinesError(
            f"s3://{folder.bucket}/{key} is no record of a run as this version of emr-pipelines writes it; run the pipeline once with this version"
        ) from error


def read_plan_of_run(s3: S3Client, bucket: str, run: RunRecord) -> PlanRecord | None:
    """The plan that the run follows; None when somebody has deleted it."""
    base = parse_s3_prefix(bucket)
    key = base.child(f"{PLANS}/{run.pipeline}/{run.plan_digest}.json")
    stored = read_record(s3, base.bucket, key).value
    return None if stored is None else parse_record(stored, place=f"s3://{base.bucket}/{key}")


def _folder(bucket: str, pipeline: str) -> S3Prefix:
    base = parse_s3_prefix(bucket)
    return S3Prefix(base.bucket, base.child(f"{PLANS}/{pipeline}/runs"))

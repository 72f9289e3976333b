"""The plans that runs have published: `<bucket>/plans/<pipeline>/<digest>.json` for each, and `latest.json`, which names the last one of a whole run. An S3 client is passed in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.notation.s3_places import PLANS
from emr_pipelines.plan.differences.plan_record import PlanRecord, parse_record
from emr_pipelines.storage.records import read_record
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_LATEST = "latest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Which run published a plan last: the plan's digest, where its code lies, the run and its date."""

    digest: str
    code_prefix: str
    run_id: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPlan:
    """The last plan of a pipeline that a run used."""

    record: PlanRecord
    publication: Publication


def publish_plan(s3: S3Client, record: PlanRecord, *, bucket: str, run_id: str, date: str) -> str:
    """Write the plan, and that this run used it last; returns the plan's address. The last of several runs at once wins."""
    folder = _folder(bucket, record.plan["name"])
    # The plan goes first: latest.json never names one that is not there.
    address = store_plan(s3, record, bucket=bucket)
    publication = Publication(digest=record.digest, code_prefix=record.code_prefix, run_id=run_id, date=date)
    _put(s3, folder.bucket, folder.child(_LATEST), asdict(publication))
    return address


def store_plan(s3: S3Client, record: PlanRecord, *, bucket: str) -> str:
    """Write the plan alone, as that of a run of single steps, which is no pipeline's last plan; returns its address."""
    folder = _folder(bucket, record.plan["name"])
    key = folder.child(f"{record.digest}.json")
    _put(s3, folder.bucket, key, record.to_json())
    return str(S3Prefix(folder.bucket, key))


def read_published_plan(s3: S3Client, *, bucket: str, pipeline: str) -> PublishedPlan | None:
    """The plan that a run of the pipeline used last; None when none has run with this bucket."""
    folder = _folder(bucket, pipeline)
    latest = read_record(s3, folder.bucket, folder.child(_LATEST)).value
    if latest is None:
        return None
    publication = _parse_publication(latest, f"{folder}/{_LATEST}")
    name = f"{publication.digest}.json"
    stored = read_record(s3, folder.bucket, folder.child(name)).value
    if stored is None:
        raise EmrPipelinesError(
            f"{folder}/{name}, which {_LATEST} names as the last plan, is gone; the next run writes it anew, until then compare with a git revision"
        )
    return PublishedPlan(record=parse_record(stored, place=f"{folder}/{name}"), publication=publication)


def _folder(bucket: str, pipeline: str) -> S3Prefix:
    base = parse_s3_prefix(bucket)
    return S3Prefix(base.bucket, base.child(f"{PLANS}/{pipeline}"))


def _parse_publication(value: Mapping[str, Any], place: str) -> Publication:
    try:
        return Publication(**value)
    except TypeError as error:
        raise EmrPipelinesError(
            f"{place} does not name a plan as this version of emr-pipelines does; run the pipeline once with this version"
        ) from error


def _put(s3: S3Client, bucket: str, key: str, value: Mapping[str, Any]) -> None:
    s3.put_object(
        Bucket=bucket, Key=key, Body=json.dumps(value, sort_keys=True).encode(), ContentType="application/json"
    )

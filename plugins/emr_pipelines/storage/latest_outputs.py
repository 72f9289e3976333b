"""Which verified output of a step is the latest, for each set of values that it comes from: `<bucket>/runs/<pipeline>/_latest/<step>/<digest>.json`. An S3 client is passed in.

`newest.json` beside the steps is the last record of all. The last of several writers wins: each record is true by itself. No step has such a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from emr_pipelines.pipeline_spec.notation.s3_places import LATEST, RUNS
from emr_pipelines.plan.runs.run_scope import digest_of
from emr_pipelines.storage.listing import object_names
from emr_pipelines.storage.records import read_record
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_NEWEST = "newest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestOutput:
    """A verified output. `values` and `definition` say what it comes from (see plan.run_scope); run, `date` (ISO), `params` and spec are those of its run.

    `recorded_at` is an ISO time with its zone.
    """

    pipeline: str
    step: str
    output: str
    run_id: str
    date: str
    params: Mapping[str, Any]
    values: Mapping[str, str]
    definition: str
    spec_digest: str
    recorded_at: str


def record_latest(s3: S3Client, latest: LatestOutput) -> None:
    """Say, in the bucket where it lies, that this output is the latest of its step for its values."""
    folder = _folder(latest.output, latest.pipeline)
    body = json.dumps(asdict(latest), sort_keys=True).encode()
    for name in (_name_of(latest.step, latest.values), _NEWEST):
        s3.put_object(Bucket=folder.bucket, Key=folder.child(name), Body=body, ContentType="application/json")


def find_latest(
    s3: S3Client, bucket: str, *, pipeline: str, step: str, values: Mapping[str, str]
) -> LatestOutput | None:
    """The latest output of a step that comes from just these values."""
    return _read(s3, _folder(bucket, pipeline), _name_of(step, values))


def find_newest(s3: S3Client, bucket: str, *, pipeline: str) -> LatestOutput | None:
    """The output of any step that was recorded last."""
    return _read(s3, _folder(bucket, pipeline), _NEWEST)


def latest_prefixes(s3: S3Client, bucket: str, *, pipeline: str) -> frozenset[str]:
    """The prefixes of all outputs that are the latest for some values."""
    return frozenset(latest.output for latest in _all(s3, _folder(bucket, pipeline)))


def _all(s3: S3Client, folder: S3Prefix) -> Iterator[LatestOutput]:
    for name in object_names(s3, folder):
        latest = _read(s3, folder, name)
        if latest is not None:
            yield latest


def _read(s3: S3Client, folder: S3Prefix, name: str) -> LatestOutput | None:
    value = read_record(s3, folder.bucket, folder.child(name)).value
    try:
        return None if value is None else LatestOutput(**value)
    except TypeError:
        # Another version's record: that step runs once more, which costs less than a guess.
        return None


def _folder(uri: str, pipeline: str) -> S3Prefix:
    return S3Prefix(parse_s3_prefix(uri).bucket, f"{RUNS}/{pipeline}/{LATEST}")


def _name_of(step: str, values: Mapping[str, str]) -> str:
    return f"{step}/{digest_of(dict(values))}.json"

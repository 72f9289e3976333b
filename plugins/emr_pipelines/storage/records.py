"""Small JSON objects on S3 that several writers share: each write is a compare-and-set, so none overwrites what it has not seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random

from emr_pipelines.errors import EmrPipelinesError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_ATTEMPTS = 20
# 412: another content than expected. 404: expected one, but it was deleted. 409: another conditional write was under way (AWS: S3 conditional writes).
_LOST_RACE = frozenset({404, 409, 412})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record as it was read; without `etag` there is none yet."""

    value: Mapping[str, Any] | None = None
    etag: str | None = None


def read_record(s3: S3Client, bucket: str, key: str) -> StoredRecord:
    """The record at a key. Raises EmrPipelinesError when what lies there is no JSON object."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except s3.exceptions.NoSuchKey:
        return StoredRecord()
    try:
        value = json.loads(answer["Body"].read())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise EmrPipelinesError(
            f"s3://{bucket}/{key} is no record of emr-pipelines (a JSON object); look at it, and delete it if nobody needs it"
        )
    return StoredRecord(value=value, etag=answer["ETag"])


def update_record(
    s3: S3Client, bucket: str, key: str, decide: Callable[[Mapping[str, Any] | None], Mapping[str, Any]]
) -> str:
    """Replace the record by what `decide` makes of the present one, and return the new ETag; `decide` may raise to refuse.

    After a lost race it decides anew. Raises EmrPipelinesError when the races do not end.
    """

    def write() -> str | None:
        current = read_record(s3, bucket, key)
        return _put(s3, bucket, key, decide(current.value), current.etag)

    writing = Retrying(
        retry=retry_if_result(lambda etag: etag is None),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_random(0.02, 0.3),
        retry_error_callback=lambda _: None,
    )
    etag: str | None = writing(write)
    if etag is None:
        raise EmrPipelinesError(
            f"s3://{bucket}/{key} was changed by others in each of {_ATTEMPTS} attempts to write it; run this again when they are done"
        )
    return etag


def _put(s3: S3Client, bucket: str, key: str, value: Mapping[str, Any], etag: str | None) -> str | None:
    """The new ETag, or None when the record is another by now."""
    body = json.dumps(value, sort_keys=True).encode()
    try:
        if etag is None:
            return s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")["ETag"]
        return s3.put_object(Bucket=bucket, Key=key, Body=body, IfMatch=etag)["ETag"]
    except ClientError as error:
        missing_bucket = error.response["Error"]["Code"] == "NoSuchBucket"
        if missing_bucket or error.response["ResponseMetadata"]["HTTPStatusCode"] not in _LOST_RACE:
            raise
        return None

"""Empties a bucket: every version, every delete marker, every unfinished upload. A client is passed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from emr_pipelines.errors import EmrPipelinesError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

_ROUNDS = 3  # what still writes when `down` begins may need a second one; more means that somebody goes on writing


def count_versions(s3: S3Client, bucket: str) -> int:
    """How many versions and delete markers the bucket holds; 0 if there is no such bucket."""
    return sum(len(batch) for batch in _version_batches(s3, bucket))


def empty_bucket(s3: S3Client, bucket: str) -> int:
    """Delete everything in the bucket; the number of versions deleted. Raises EmrPipelinesError when S3 keeps a part of it."""
    deleted = 0
    for _ in range(_ROUNDS):
        before = deleted
        for batch in _version_batches(s3, bucket):
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
            for refused in answer.get("Errors", []):
                raise EmrPipelinesError(
                    f"S3 does not delete s3://{bucket}/{refused.get('Key')}: {refused.get('Code')} {refused.get('Message')}"
                )
            deleted += len(batch)
        _abort_uploads(s3, bucket)
        if deleted == before:
            return deleted
    raise EmrPipelinesError(
        f"Somebody goes on writing to s3://{bucket}: {deleted} objects were deleted and more came; stop that and run `infra down` again"
    )


def _version_batches(s3: S3Client, bucket: str) -> Iterator[list[ObjectIdentifierTypeDef]]:
    """At most a thousand each, which DeleteObjects takes."""
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if found:
                yield [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise


def _abort_uploads(s3: S3Client, bucket: str) -> None:
    try:
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for upload in page.get("Uploads", []):
                s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchBucket", "NoSuchUpload"):
            raise

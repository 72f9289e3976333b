"""The project's code on S3, under a digest of its content. An S3 client is passed in; writes nothing but S3.

Same content, same prefix: a running run keeps the code that it started with, and publishing twice uploads nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from emr_pipelines.storage.artifact_contents import code_prefix_of

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

_MARKER = "_PUBLISHED"


def publish_code(s3: S3Client, contents: Mapping[str, bytes], *, bucket: str) -> str:
    """Upload the contents, by target, to `<bucket>/code/<digest>/` and return that prefix as an s3:// URI, without a trailing slash."""
    prefix = code_prefix_of(contents, bucket)
    if _exists(s3, prefix.bucket, prefix.child(_MARKER)):
        log.info("The code is already published at %s", prefix)
        return str(prefix)
    for target, content in sorted(contents.items()):
        s3.put_object(Bucket=prefix.bucket, Key=prefix.child(target), Body=content)
        log.info("Uploaded %s (%d bytes)", target, len(content))
    # The marker goes last: a prefix without it is an upload that was cut off and is done again.
    s3.put_object(Bucket=prefix.bucket, Key=prefix.child(_MARKER), Body=b"")
    return str(prefix)


def _exists(s3: S3Client, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True

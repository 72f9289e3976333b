"""A step's output prefix: verified before anyone may read it, then copied to its stable place. An S3 client is passed in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

SUCCESS_MARKER = "_SUCCESS"


class OutputIncomplete(EmrPipelinesError):
    """A step that COMPLETED without the output that its spec declares."""


def verify_output(s3: S3Client, uri: str, *, success_marker: bool, min_files: int) -> int:
    """Check that the prefix holds `_SUCCESS` (if asked for) and at least `min_files` data objects; returns their number.

    Hidden objects (a name that starts with `_` or `.`) are no data, as for Hadoop. Raises OutputIncomplete.
    """
    prefix = parse_s3_prefix(uri)
    names = _object_names(s3, prefix)
    if success_marker and SUCCESS_MARKER not in names:
        raise OutputIncomplete(
            f"The step completed without output: {prefix}/{SUCCESS_MARKER} is missing ({len(names)} objects below the prefix)"
        )
    files = [name for name in names if not _is_hidden(name)]
    if len(files) < min_files:
        raise OutputIncomplete(
            f"The step completed without output: {prefix} holds {len(files)} data files, its spec asks for at least {min_files}"
        )
    return len(files)


def publish_output(s3: S3Client, source_uri: str, target_uri: str) -> int:
    """Make the target prefix hold exactly the objects of the source prefix; returns how many were copied.

    The old `_SUCCESS` goes first and the new one comes last, so a reader never takes a half-copied prefix for a whole one.
    """
    source, target = parse_s3_prefix(source_uri), parse_s3_prefix(target_uri)
    names = sorted(_object_names(s3, source))
    s3.delete_object(Bucket=target.bucket, Key=target.child(SUCCESS_MARKER))
    for name in names:
        if name != SUCCESS_MARKER:
            _copy(s3, source, target, name)
    for stale in set(_object_names(s3, target)).difference(names):
        s3.delete_object(Bucket=target.bucket, Key=target.child(stale))
    if SUCCESS_MARKER in names:
        _copy(s3, source, target, SUCCESS_MARKER)
    log.info("Published %d objects to %s", len(names), target)
    return len(names)


def _object_names(s3: S3Client, prefix: S3Prefix) -> list[str]:
    """Keys below the prefix, relative to it; folder markers (a key that ends in a slash) are left out."""
    start = prefix.child("")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=start)
    keys = (item["Key"] for page in pages for item in page.get("Contents", []))
    return [key.removeprefix(start) for key in keys if not key.endswith("/")]


def _is_hidden(name: str) -> bool:
    return any(part.startswith(("_", ".")) for part in name.split("/"))


def _copy(s3: S3Client, source: S3Prefix, target: S3Prefix, name: str) -> None:
    s3.copy({"Bucket": source.bucket, "Key": source.child(name)}, target.bucket, target.child(name))

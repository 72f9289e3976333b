"""Which of a run's inputs hold nothing, asked before money is spent on them. An S3 client is passed in; lists, and reads no object."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.globs import Glob, is_glob, parse_glob
from emr_pipelines.storage.listing import is_hidden
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

# 200,000 keys, about a minute: beyond that an input counts as present, for Spark will look for itself.
_MOST_PAGES = 200
_DENIED = 403


class InputsMissing(EmrPipelinesError):
    """Inputs that hold nothing; `skips` when the spec says that such a run is skipped instead of failed."""

    def __init__(self, message: str, *, skips: bool) -> None:
        super().__init__(message)
        self.skips = skips


def require_inputs(s3: S3Client, step: str, uris: Iterable[str], *, on_empty: str, place: str) -> None:
    """Raise InputsMissing, naming the step and its `place` in the spec, when one of its s3:// inputs holds nothing."""
    without_bucket: set[str] = set()
    missing = find_missing_inputs(s3, uris, without_bucket)
    if not missing:
        return
    buckets = ", ".join(sorted({parse_s3_prefix(uri).bucket for uri in without_bucket}))
    absent = f", and there is no bucket {buckets}" if buckets else ""
    message = f"Step {step}: no object exists at {', '.join(missing)}{absent} ({place})"
    if on_empty == "skip":
        raise InputsMissing(f"{message}; the run is skipped, as on_empty says", skips=True)
    raise InputsMissing(
        f"{message}. Correct the input or the run's parameters, or write on_empty: skip to skip such a run",
        skips=False,
    )


def find_missing_inputs(s3: S3Client, uris: Iterable[str], without_bucket: set[str] | None = None) -> list[str]:
    """Those of the s3:// inputs that hold no data: no such object, none below such a prefix, none that the glob matches; hidden objects below a prefix are none.

    Other URIs are not looked at. Those whose bucket does not exist are added to `without_bucket`, too. Raises EmrPipelinesError, naming the URI, for a denied access and for a glob that is none.
    """
    absent = set() if without_bucket is None else without_bucket
    return [uri for uri in uris if uri.startswith("s3://") and not _is_present(s3, uri, absent)]


def _is_present(s3: S3Client, uri: str, without_bucket: set[str]) -> bool:
    place = parse_s3_prefix(uri)
    try:
        if is_glob(place.key):
            return _matches_any(s3, uri, place)
        return _is_object(s3, place) or _holds_data(s3, place)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            without_bucket.add(uri)
            return False
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != _DENIED:
            raise
        raise EmrPipelinesError(
            f"The input {uri} cannot be checked: listing {place.bucket} was denied ({error.response['Error'].get('Message', '')}). "
            "Allow s3:ListBucket on it to the credentials of the Airflow connection"
        ) from error


def _is_object(s3: S3Client, place: S3Prefix) -> bool:
    # A listing is in order, so the key itself comes before those that only start with it. HEAD would need another permission.
    found = s3.list_objects_v2(Bucket=place.bucket, Prefix=place.key, MaxKeys=1).get("Contents", [])
    return any(item["Key"] == place.key for item in found)


def _holds_data(s3: S3Client, place: S3Prefix) -> bool:
    start = place.child("")
    return _any_key(s3, place.bucket, start, lambda key: _is_data(key.removeprefix(start)))


def _matches_any(s3: S3Client, uri: str, place: S3Prefix) -> bool:
    try:
        glob = parse_glob(place.key)
    except EmrPipelinesError as error:
        raise EmrPipelinesError(f"The input {uri} cannot be checked: {error}") from error
    return _any_key(s3, place.bucket, glob.base, lambda key: _matches(glob, key))


def _matches(glob: Glob, key: str) -> bool:
    found = glob.pattern.fullmatch(key)
    # Hadoop leaves out what is hidden below a match, and a match whose own last name is hidden.
    return found is not None and _is_data(found[1].rpartition("/")[2] + (found[2] or ""))


def _is_data(name: str) -> bool:
    # An empty name, or one that ends in a slash, is the marker of a folder.
    return bool(name) and not name.endswith("/") and not is_hidden(name)


def _any_key(s3: S3Client, bucket: str, start: str, accepts: Callable[[str], bool]) -> bool:
    pages = _pages(s3, bucket, start)
    if any(accepts(key) for page in islice(pages, _MOST_PAGES) for key in page):
        return True
    if next(pages, None) is None:
        return False
    log.warning("Gave up looking for the input below s3://%s/%s after %d pages of keys", bucket, start, _MOST_PAGES)
    return True


def _pages(s3: S3Client, bucket: str, start: str) -> Iterator[list[str]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start):
        yield [item["Key"] for item in page.get("Contents", [])]

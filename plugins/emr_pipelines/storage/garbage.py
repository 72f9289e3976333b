"""What failed and replaced attempts leave below `<bucket>/runs/` and `<bucket>/output/runs/`: found, and deleted. An S3 client and the time are passed in.

Touches only keys of the form runs/<pipeline>/<run>/<step>/attempt=<label>/…, and of these no published attempt, none that is the latest output for some values,
and none of a live run.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from emr_pipelines.pipeline_spec.notation.s3_places import LEGACY_RUNS, RUNS
from emr_pipelines.plan.keys import STEP_RUNS
from emr_pipelines.storage.attempts import published_attempt
from emr_pipelines.storage.latest_outputs import latest_prefixes
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef, ObjectTypeDef

_ATTEMPT = re.compile(r"(?P<pipeline>[^/]+)/(?P<run>[^/]+)/(?P<step>[^/]+)/attempt=(?P<label>[0-9]+(?:-[0-9]+)*)/")
_BATCH = 1000  # what DeleteObjects takes at most


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPlace:
    """One attempt's folder."""

    bucket: str
    step_folder: str
    label: str
    run: tuple[str, str]

    @property
    def key(self) -> str:
        """The start of its keys, with a slash at the end."""
        return f"{self.step_folder}/attempt={self.label}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpublishedAttempt:
    """An attempt that nobody reads, and its size."""

    prefix: str
    place: AttemptPlace
    objects: int
    bytes: int
    newest: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonedUpload:
    """A multipart upload of an attempt that was never completed; S3 keeps and charges for its parts."""

    bucket: str
    key: str
    upload_id: str
    started: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """What can be deleted."""

    attempts: tuple[UnpublishedAttempt, ...]
    uploads: tuple[AbandonedUpload, ...]


def find_garbage(
    s3: S3Client, bucket: str, *, older_than: dt.timedelta, now: dt.datetime, live_runs: Collection[tuple[str, str]]
) -> Garbage:
    """The unpublished attempts whose newest object is older than `older_than`, and the uploads begun before that, where attempts lie below the bucket.

    `live_runs` are (pipeline, run folder) pairs that are left alone.
    """
    base = parse_s3_prefix(bucket)
    roots = [S3Prefix(base.bucket, base.child(folder)) for folder in (RUNS, LEGACY_RUNS)]
    before = now - older_than
    attempts = (
        attempt
        for root in roots
        for attempt in _attempts(s3, root)
        if attempt.newest < before and not _is_live(attempt.place, live_runs)
    )
    latest = cache(lambda pipeline: latest_prefixes(s3, bucket, pipeline=pipeline))
    unread = (attempt for attempt in attempts if not _is_published(s3, attempt.place))
    uploads = (upload for root in roots for upload in _uploads(s3, root, live_runs) if upload.started < before)
    return Garbage(
        attempts=tuple(one for one in unread if one.prefix.rstrip("/") not in latest(one.place.run[0])),
        uploads=tuple(uploads),
    )


def delete_garbage(s3: S3Client, garbage: Garbage) -> list[str]:
    """Delete it; returns what S3 refused, one line each. An attempt that was published or written to since it was found is kept."""
    refused: list[str] = []
    for attempt in garbage.attempts:
        keys = _keys_of(s3, attempt)
        if keys and not _is_published(s3, attempt.place):
            refused += _delete(s3, attempt.place.bucket, keys)
    for upload in garbage.uploads:
        refused += _abort(s3, upload)
    return refused


def _attempts(s3: S3Client, runs: S3Prefix) -> Iterator[UnpublishedAttempt]:
    """Every attempt below the prefix, published or not."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=runs.bucket, Prefix=runs.child(""))
    objects = (item for page in pages for item in page.get("Contents", []))
    # A listing is in order of the keys, so the objects of one attempt follow each other.
    for place, items in groupby(objects, key=lambda item: _place_of(runs, item["Key"])):
        if place is not None:
            yield _measure(place, items)


def _place_of(runs: S3Prefix, key: str) -> AttemptPlace | None:
    start = runs.child("")
    found = _ATTEMPT.match(key.removeprefix(start)) if key.startswith(start) else None
    if found is None:
        return None
    pipeline, run, step, label = found.groups()
    return AttemptPlace(
        bucket=runs.bucket, step_folder=runs.child(f"{pipeline}/{run}/{step}"), label=label, run=(pipeline, run)
    )


def _measure(place: AttemptPlace, items: Iterable[ObjectTypeDef]) -> UnpublishedAttempt:
    seen = [(item["Size"], item["LastModified"]) for item in items]
    return UnpublishedAttempt(
        prefix=f"s3://{place.bucket}/{place.key}",
        place=place,
        objects=len(seen),
        bytes=sum(size for size, _ in seen),
        newest=max(modified for _, modified in seen),
    )


def _is_live(place: AttemptPlace, live_runs: Collection[tuple[str, str]]) -> bool:
    """Whether the run has a cluster; one that waits for runs of single steps may have any of its pipeline's."""
    return place.run in live_runs or (place.run[0], STEP_RUNS) in live_runs


def _is_published(s3: S3Client, place: AttemptPlace) -> bool:
    return published_attempt(s3, f"s3://{place.bucket}/{place.step_folder}") == place.label


def _keys_of(s3: S3Client, attempt: UnpublishedAttempt) -> list[str]:
    """The attempt's keys; none when something was written since it was found."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=attempt.place.bucket, Prefix=attempt.place.key)
    objects = [item for page in pages for item in page.get("Contents", [])]
    if any(item["LastModified"] > attempt.newest for item in objects):
        return []
    return [item["Key"] for item in objects]


def _delete(s3: S3Client, bucket: str, keys: list[str]) -> list[str]:
    refused: list[str] = []
    for start in range(0, len(keys), _BATCH):
        batch: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys[start : start + _BATCH]]
        try:
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        except ClientError as error:
            refused.append(f"s3://{bucket}/{keys[start]} and {len(batch) - 1} more: {_words(error.response['Error'])}")
            continue
        refused += [f"s3://{bucket}/{error.get('Key', '')}: {_words(error)}" for error in answer.get("Errors", [])]
    return refused


def _words(error: Mapping[str, Any]) -> str:
    return f"{error.get('Code', '')} {error.get('Message', '')}".rstrip()


def _uploads(s3: S3Client, runs: S3Prefix, live_runs: Collection[tuple[str, str]]) -> Iterator[AbandonedUpload]:
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=runs.bucket, Prefix=runs.child(""))
    for item in (item for page in pages for item in page.get("Uploads", [])):
        place = _place_of(runs, item["Key"])
        if place is not None and not _is_live(place, live_runs):
            yield AbandonedUpload(
                bucket=runs.bucket, key=item["Key"], upload_id=item["UploadId"], started=item["Initiated"]
            )


def _abort(s3: S3Client, upload: AbandonedUpload) -> list[str]:
    try:
        s3.abort_multipart_upload(Bucket=upload.bucket, Key=upload.key, UploadId=upload.upload_id)
    except s3.exceptions.NoSuchUpload:
        return []
    except ClientError as error:
        return [f"s3://{upload.bucket}/{upload.key} (upload): {_words(error.response['Error'])}"]
    return []

"""Who watches a step, and which of its attempts is the published one. An S3 client is passed in; writes two small objects in the step's folder and no data."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.keys import label_order
from emr_pipelines.storage.listing import is_hidden, object_names
from emr_pipelines.storage.records import read_record, update_record
from emr_pipelines.storage.s3_uri import parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

_OWNER = "_owner"
PUBLISHED = "_published.json"


class OutputSuperseded(EmrPipelinesError):
    """An attempt that came too late: a newer one has published its output."""


def claim(s3: S3Client, step_folder: str, owner: str) -> None:
    """Say that `owner` watches the step from now on; whoever did so before does no longer."""
    folder = parse_s3_prefix(step_folder)
    s3.put_object(Bucket=folder.bucket, Key=folder.child(_OWNER), Body=owner.encode())


def is_owner(s3: S3Client, step_folder: str, owner: str) -> bool:
    """Whether `owner` was the last to claim the step; also true when nobody has."""
    folder = parse_s3_prefix(step_folder)
    try:
        body = s3.get_object(Bucket=folder.bucket, Key=folder.child(_OWNER))["Body"].read()
    except s3.exceptions.NoSuchKey:
        return True
    return body.decode() == owner


def record_published(s3: S3Client, step_folder: str, *, label: str, output: str) -> None:
    """Record that the attempt's output is the step's. Raises OutputSuperseded when a newer attempt's is already."""
    folder = parse_s3_prefix(step_folder)
    files = sum(not is_hidden(name) for name in object_names(s3, parse_s3_prefix(output)))

    def decide(current: Mapping[str, Any] | None) -> Mapping[str, Any]:
        if current is not None:
            refuse_older(label, str(current["attempt"]), str(folder))
        return {"attempt": label, "output": output, "files": files}

    update_record(s3, folder.bucket, folder.child(PUBLISHED), decide)
    log.info("Attempt %s is the published one of %s", label, folder)


def published_attempt(s3: S3Client, step_folder: str) -> str | None:
    """The label of the step's published attempt, if there is one."""
    folder = parse_s3_prefix(step_folder)
    value = read_record(s3, folder.bucket, folder.child(PUBLISHED)).value
    return None if value is None else str(value["attempt"])


def refuse_older(label: str, published: str, place: str) -> None:
    """Raise OutputSuperseded when `published` is a later attempt than `label`."""
    if label_order(published) > label_order(label):
        raise OutputSuperseded(
            f"Attempt {label} came too late: attempt {published} is the published one of {place}. "
            "Nothing is to be done, unless the older output is wanted: then clear the step, which makes a new attempt"
        )

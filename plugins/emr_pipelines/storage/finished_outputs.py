"""What becomes of the output of a step that has COMPLETED: verified, recorded, published. An S3 client is passed in."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from emr_pipelines.storage.attempts import record_published
from emr_pipelines.storage.job_counters import JobCounters, log_counters, read_counters
from emr_pipelines.storage.latest_outputs import LatestOutput, record_latest
from emr_pipelines.storage.owners import PlaceClaim
from emr_pipelines.storage.step_outputs import publish_output, refuse_empty_replacement, verify_output

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputCheck:
    """How a step's output is verified."""

    success_marker: bool
    min_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedOutput:
    """What an attempt has written: the record of it, how it is verified, its label, the folder of all attempts, and the place to which it is published."""

    latest: LatestOutput
    check: OutputCheck
    label: str
    step_folder: str
    claim: PlaceClaim | None = None


def accept_output(s3: S3Client, finished: FinishedOutput) -> JobCounters | None:
    """Make it the step's output, and return what the job counted, if it says so.

    Raises OutputIncomplete for one that is not whole, or is empty and would replace a published one that is not; OutputSuperseded when a newer attempt came first; PlaceTaken when its
    place is another's.
    """
    output, check = finished.latest.output, finished.check
    files = verify_output(s3, output, success_marker=check.success_marker, min_files=check.min_files)
    log.info("Verified %d files below %s", files, output)
    counters = read_counters(s3, output)
    if counters is not None:
        log_counters(counters)
    if finished.claim is not None and check.min_files:
        refuse_empty_replacement(s3, output, finished.claim.place, says_empty=counters is not None and counters.empty)
    record_published(s3, finished.step_folder, label=finished.label, output=output)
    _record_latest(s3, finished)
    if finished.claim is not None:
        publish_output(s3, output, finished.claim, label=finished.label)
    return counters


def _record_latest(s3: S3Client, finished: FinishedOutput) -> None:
    try:
        record_latest(s3, finished.latest)
    except ClientError as error:
        # Only runs of single steps read it, so a role that may not write it fails no other run.
        log.warning(
            "%s was not recorded as the latest output, so `run --step` does not find it: %s",
            finished.latest.output,
            error,
        )

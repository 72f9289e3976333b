"""What a job says of its work in `_counters.json` beside its output: what it counted, and what it warns of. An S3 client is passed in; reads one small object.

A file beside the output, since logs of EMR reach S3 minutes after a step has ended. A step that writes none has no counters.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from emr_pipelines.storage.s3_uri import parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

COUNTERS = "_counters.json"
_EMPTY = "empty"
# More is no summary: XCom lies in Airflow's database.
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounters:
    """What a job counted, by name, and its warnings."""

    counters: Mapping[str, Any]
    warnings: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether the job says that its result holds nothing."""
        return self.counters.get(_EMPTY) is True

    def handed_on(self) -> dict[str, Any]:
        """As XCom `counters` has it: the counters, and the warnings where there are some."""
        return {**self.counters, **({"warnings": list(self.warnings)} if self.warnings else {})}


def read_counters(s3: S3Client, uri: str) -> JobCounters | None:
    """The counters of the job that wrote this prefix; None if it left none that can be read."""
    prefix = parse_s3_prefix(uri)
    try:
        body = s3.get_object(Bucket=prefix.bucket, Key=prefix.child(COUNTERS))["Body"].read(_MOST_BYTES + 1)
    except s3.exceptions.NoSuchKey:
        return None
    except ClientError as error:
        # Nobody's run fails for what is only told.
        log.warning("%s/%s cannot be read: %s", prefix, COUNTERS, error)
        return None
    try:
        told = json.loads(body)
        return JobCounters(counters=dict(told["counters"]), warnings=tuple(map(str, told.get("warnings", []))))
    except (ValueError, TypeError, KeyError, AttributeError):
        log.warning(
            "%s/%s is not read: it is no JSON object with `counters`, or longer than %d bytes",
            prefix,
            COUNTERS,
            _MOST_BYTES,
        )
        return None


def log_counters(told: JobCounters) -> None:
    """Write them to the log of whoever waits for the job."""
    for name, value in told.counters.items():
        log.info("Counter %s: %s", name, value)
    for warning in told.warnings:
        log.warning("The job warns: %s", warning)

"""The tail of a step's own logs, read from the cluster's LogUri. Best effort: a log that cannot be read never changes a verdict."""

from __future__ import annotations

import gzip
import logging
import zlib
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.emr.clusters import describe
from emr_pipelines.emr.emr_api import EmrApi, describe_error
from emr_pipelines.emr.polling import PollInterval, poll_until
from emr_pipelines.emr.steps import StepHandle

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

LOG_NAMES = ("stderr", "stdout")
TAIL_LINES = 50


def tail_step_logs(
    api: EmrApi, s3: S3Client, handle: StepHandle, *, patience_seconds: float, lines: int = TAIL_LINES
) -> dict[str, list[str]]:
    """The last lines of `stderr` and `stdout`, for those that exist; EMR uploads them every five minutes, so the first is waited for up to `patience_seconds`.

    Layout: `<LogUri>/<cluster>/steps/<step>/{stderr,stdout}.gz` (AWS: emr-plan-debugging).
    """
    try:
        prefix = _log_prefix(api, handle)
        if prefix is None:
            return {}
        found = poll_until(
            lambda: _read_logs(s3, prefix), bool, PollInterval(maximum=15.0), timeout_seconds=patience_seconds
        )
    except (ClientError, BotoCoreError, OSError, zlib.error) as error:
        log.warning("The logs of step %s cannot be read: %s", handle.step_id, describe_error(error))
        return {}
    return {name: text.splitlines()[-lines:] for name, text in found.items() if text.strip()}


def _log_prefix(api: EmrApi, handle: StepHandle) -> str | None:
    log_uri = describe(api, handle.cluster_id).get("LogUri")
    if not log_uri:
        return None
    # EMR answers with the s3n scheme of old for some clusters; the bucket and key are the same.
    return f"{log_uri.split('://', 1)[1].rstrip('/')}/{handle.cluster_id}/steps/{handle.step_id}"


def _read_logs(s3: S3Client, prefix: str) -> dict[str, str]:
    bucket, _, key_prefix = prefix.partition("/")
    found: dict[str, str] = {}
    for name in LOG_NAMES:
        try:
            body = s3.get_object(Bucket=bucket, Key=f"{key_prefix}/{name}.gz")["Body"].read()
        except s3.exceptions.NoSuchKey:
            continue
        found[name] = gzip.decompress(body).decode("utf-8", errors="replace")
    return found

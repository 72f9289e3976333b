"""Failures as people are told them: the probable cause in front, the tail of the logs with it. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from emr_pipelines.emr.diagnosis.probable_cause import explain_launch, explain_step
from emr_pipelines.emr.emr_api import ClusterFailed, StepFailed

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

    from emr_pipelines.emr.emr_api import EmrApi
    from emr_pipelines.emr.steps import StepHandle

log = logging.getLogger(__name__)


def explained_step(
    api: EmrApi, s3: S3Client, handle: StepHandle, failure: StepFailed, *, patience_seconds: float
) -> StepFailed:
    """The failure of a step with its cause; logs it, and the tail of the step's logs, which the failure then holds."""
    log.error("%s", failure)
    explanation = explain_step(api, s3, handle, state=failure.state, patience_seconds=patience_seconds)
    _log_tails(explanation.tails)
    words = f"{explanation.sentence}. {failure}" if explanation.sentence else str(failure)
    return StepFailed(words, retryable=failure.retryable, state=failure.state, tails=explanation.tails)


def explained_launch(
    api: EmrApi, s3: S3Client, failure: ClusterFailed, *, patience_seconds: float, retryable: bool
) -> ClusterFailed:
    """The failure of a launch with its cause; logs the tail of the logs of bootstrap actions, which the failure then holds."""
    explanation = explain_launch(api, s3, failure.cluster_id, patience_seconds=patience_seconds)
    _log_tails(explanation.tails)
    words = f"{failure}. {explanation.sentence}" if explanation.sentence else str(failure)
    return ClusterFailed(
        words, retryable=retryable, cluster_id=failure.cluster_id, code=failure.code, tails=explanation.tails
    )


def _log_tails(tails: Mapping[str, list[str]]) -> None:
    for name, lines in tails.items():
        log.error("The last %d lines of %s:\n%s", len(lines), name, "\n".join(lines))

"""Failures as people are told them: the probable cause in front, the tail of the logs with it. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.emr.diagnosis.known_failures import advise_on_own_code
from emr_pipelines.emr.diagnosis.probable_cause import explain_launch, explain_step
from emr_pipelines.emr.emr_api import ClusterFailed, StepFailed
from emr_pipelines.errors import join_sentences

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

    from emr_pipelines.emr.emr_api import EmrApi
    from emr_pipelines.emr.steps import StepHandle

log = logging.getLogger(__name__)

_FILE_HEADER = "x-emr-local-file"
_AWS = re.compile(r"\.(?:amazonaws\.com(?:\.cn)?|api\.aws|c2s\.ic\.gov|sc2s\.sgov\.gov)(?:[:/]|$)")


def explained_step(
    api: EmrApi,
    s3: S3Client,
    handle: StepHandle,
    failure: StepFailed,
    *,
    patience_seconds: float,
    own_names: Callable[[], Collection[str]],
) -> StepFailed:
    """The failure of a step: its cause, what EMR says, and the command that shows its log. Logs the tail of the step's logs, which the failure then holds.

    Whoever catches the failure tells it: here it is not logged. `own_names` are those of the project's files, modules and packages.
    """
    log.info("Step %s has ended as %s; its logs are read", handle.step_id, failure.state)
    explanation = explain_step(api, s3, handle, state=failure.state, patience_seconds=patience_seconds)
    _log_tails(explanation.tails)
    sentence = explanation.sentence and advise_on_own_code(explanation.sentence, own_names())
    words = join_sentences(sentence, str(failure), _command(s3, explanation.log))
    return StepFailed(words, retryable=failure.retryable, state=failure.state, tails=explanation.tails)


def explained_launch(
    api: EmrApi, s3: S3Client, failure: ClusterFailed, *, patience_seconds: float, retryable: bool
) -> ClusterFailed:
    """The failure of a launch with its cause; logs the tail of the logs of bootstrap actions, which the failure then holds."""
    explanation = explain_launch(api, s3, failure.cluster_id, patience_seconds=patience_seconds)
    _log_tails(explanation.tails)
    words = join_sentences(str(failure), explanation.sentence, _command(s3, explanation.log))
    return ClusterFailed(
        words, retryable=retryable, cluster_id=failure.cluster_id, code=failure.code, tails=explanation.tails
    )


def _command(s3: S3Client, address: str | None) -> str | None:
    """What shows a whole log: the object as AWS's command line gets it, or its file where the endpoint says that it is on this machine."""
    if address is None:
        return None
    endpoint = s3.meta.endpoint_url
    if _AWS.search(endpoint):
        return f"Show the log: aws s3 cp {quote(address)} - | gunzip -c"
    file = _file_of(s3, address)
    if file is not None:
        return f"Show the log: gunzip -c {quote(str(file))}"
    return f"Show the log: aws --endpoint-url {quote(endpoint)} s3 cp {quote(address)} - | gunzip -c"


def _file_of(s3: S3Client, address: str) -> Path | None:
    """The log as a file of this machine, which emr_local names; a container beside it does not see that file."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except (ClientError, BotoCoreError) as error:
        log.warning("%s cannot be read: %s", address, error)
        return None
    answer["Body"].close()
    name = answer["ResponseMetadata"]["HTTPHeaders"].get(_FILE_HEADER)
    file = Path(unquote(name)) if name else None
    return file if file is not None and file.is_file() else None


def _log_tails(tails: Mapping[str, list[str]]) -> None:
    for name, lines in tails.items():
        log.error("The last %d lines of %s:\n%s", len(lines), name, "\n".join(lines))

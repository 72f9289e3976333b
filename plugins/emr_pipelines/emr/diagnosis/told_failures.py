"""Failures as people are told them: the probable cause in front, the tail of the logs with it. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFailure:
    """A failure in its parts: the probable cause (None when nobody understands it), what EMR says, the command that shows the whole log, and the last lines of the logs by name.

    `of_launch`: a cluster that did not start, of which EMR's words come first.
    """

    said: str
    cause: str | None = None
    command: str | None = None
    tails: dict[str, list[str]] = field(default_factory=dict)
    of_launch: bool = False

    @property
    def words(self) -> str:
        """All of it as the sentences that a task ends with."""
        first = (self.said, self.cause) if self.of_launch else (self.cause, self.said)
        return join_sentences(*first, self.command)


def tell_step(
    api: EmrApi,
    s3: S3Client,
    handle: StepHandle,
    failure: StepFailed,
    *,
    patience_seconds: float,
    own_names: Callable[[], Collection[str]],
) -> ToldFailure:
    """The failure of a step with what its logs say. `own_names` are those of the project's files, modules and packages."""
    explanation = explain_step(api, s3, handle, state=failure.state, patience_seconds=patience_seconds)
    cause = explanation.sentence and advise_on_own_code(explanation.sentence, own_names())
    return ToldFailure(
        said=str(failure), cause=cause, command=show_command(s3, explanation.log), tails=explanation.tails
    )


def tell_launch(api: EmrApi, s3: S3Client, failure: ClusterFailed, *, patience_seconds: float) -> ToldFailure:
    """The failure of a launch with what the logs of its bootstrap actions say."""
    explanation = explain_launch(api, s3, failure.cluster_id, patience_seconds=patience_seconds)
    return ToldFailure(
        said=str(failure),
        cause=explanation.sentence,
        command=show_command(s3, explanation.log),
        tails=explanation.tails,
        of_launch=True,
    )


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

    Whoever catches the failure tells it: here it is not logged. `own_names` as in `tell_step`.
    """
    log.info("Step %s has ended as %s; its logs are read", handle.step_id, failure.state)
    told = tell_step(api, s3, handle, failure, patience_seconds=patience_seconds, own_names=own_names)
    _log_tails(told.tails)
    return StepFailed(told.words, retryable=failure.retryable, state=failure.state, tails=told.tails)


def explained_launch(
    api: EmrApi, s3: S3Client, failure: ClusterFailed, *, patience_seconds: float, retryable: bool
) -> ClusterFailed:
    """The failure of a launch with its cause; logs the tail of the logs of bootstrap actions, which the failure then holds."""
    told = tell_launch(api, s3, failure, patience_seconds=patience_seconds)
    _log_tails(told.tails)
    return ClusterFailed(
        told.words, retryable=retryable, cluster_id=failure.cluster_id, code=failure.code, tails=told.tails
    )


def show_command(s3: S3Client, address: str | None) -> str | None:
    """What shows a whole log: the object as AWS's command line gets it, or its file where the endpoint says that it is on this machine."""
    if address is None:
        return None
    endpoint = s3.meta.endpoint_url
    if _AWS.search(endpoint):
        return f"Show the log: aws s3 cp {quote(address)} - | gunzip -c"
    file = file_behind(s3, address)
    if file is not None:
        return f"Show the log: gunzip -c {quote(str(file))}"
    return f"Show the log: aws --endpoint-url {quote(endpoint)} s3 cp {quote(address)} - | gunzip -c"


def file_behind(s3: S3Client, address: str) -> Path | None:
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

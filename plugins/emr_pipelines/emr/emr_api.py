"""The two EMR clients that every call here takes, and what their errors mean. Creates no client and keeps no state.

RunJobFlow and AddJobFlowSteps have no idempotency token (botocore's EMR model), so a resend by botocore after a lost reply makes a second
cluster or step. Reads are therefore retried by botocore, writes are sent once and reconciled by name (`emr.create_once`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from emr_pipelines.errors import EmrPipelinesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_emr.client import EMRClient
    from types_boto3_emr.literals import ClusterStateType

# Ten attempts outlast the throttling of a busy account; botocore's default of three fails a poll that only had to wait.
# The time-outs are botocore's 60 s made shorter: an answer that takes longer is taken for lost, and asked for again or reconciled.
_TIMEOUTS: dict[str, Any] = {"connect_timeout": 10, "read_timeout": 20}
READ_CLIENT_CONFIG: dict[str, Any] = {"retries": {"mode": "standard", "total_max_attempts": 10}, **_TIMEOUTS}
WRITE_CLIENT_CONFIG: dict[str, Any] = {"retries": {"mode": "standard", "total_max_attempts": 1}, **_TIMEOUTS}

LIVE_CLUSTER_STATES: Sequence[ClusterStateType] = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")
TERMINAL_CLUSTER_STATES = ("TERMINATED", "TERMINATED_WITH_ERRORS")
TERMINAL_STEP_STATES = ("COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED")

_THROTTLING_CODES = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"})
_DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_CREDENTIAL_CODES = _DENIED_CODES | {
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "AuthFailure",
    "MissingAuthenticationToken",
    "IncompleteSignature",
}
_BROKEN_LOGIN = (
    PartialCredentialsError,
    ProfileNotFound,
    NoAuthTokenError,
    TokenRetrievalError,
    SSOError,
    LoginError,
)
_SET_UP = (
    "Set up AWS's credentials where this runs (`aws configure`, `aws sso login`, AWS_PROFILE, or a role of the machine), "
    "or write them into the Airflow connection"
)
_EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmrApi:
    """One EMR endpoint: `read` has READ_CLIENT_CONFIG, `write` has WRITE_CLIENT_CONFIG; `renew` gives the same endpoint with new credentials."""

    read: EMRClient
    write: EMRClient
    renew: Callable[[], EmrApi] | None = None


class RunError(EmrPipelinesError):
    """A run-time failure. `retryable` says whether the same call can succeed later: infrastructure can, a wrong request or a failing job cannot.

    `tails` holds the last lines of the logs that tell of it, by name, once somebody has read them.
    """

    def __init__(self, message: str, *, retryable: bool, tails: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.tails = tails or {}


class EndpointSilent(RunError):
    """No emr_local listens at an endpoint of this machine: nobody but a person can cure that."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class ClusterFailed(RunError):
    """A cluster that could not be created, or that ended before it was told to; `code` is EMR's reason, `cluster_id` the cluster."""

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        cluster_id: str = "",
        code: str = "",
        tails: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message, retryable=retryable, tails=tails)
        self.cluster_id = cluster_id
        self.code = code


class ClusterGone(ClusterFailed):
    """A cluster that takes no more steps; retryable when another one may take its place."""


class StepFailed(RunError):
    """A step that ended as FAILED, CANCELLED or INTERRUPTED, which `state` says."""

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        state: str = "FAILED",
        tails: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message, retryable=retryable, tails=tails)
        self.state = state


class StepTimedOut(RunError):
    """A step that ran, or was queued, longer than its spec allows."""


def is_throttling(error: Exception) -> bool:
    """Whether EMR refused the call for its rate: it had no effect and may be sent again."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in _THROTTLING_CODES


def is_outage(error: Exception) -> bool:
    """Whether EMR cannot be reached or fails by itself: no connection, no answer, or a 5xx."""
    if isinstance(error, ClientError):
        return error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    return isinstance(error, ConnectionClosedError | HTTPClientError | ConnectionError)


def is_ambiguous(error: Exception) -> bool:
    """Whether the call may have had its effect although no answer came. A connection that was never made is no such case."""
    return is_outage(error) and not isinstance(error, ConnectionError)


def is_expired(error: Exception) -> bool:
    """Whether the credentials have run out, which new ones cure."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in _EXPIRED_CODES


def is_unknown_id(error: Exception) -> bool:
    """Whether EMR does not know what the call names: it says `Cluster id 'j-…' is not valid.` of an id that never was, or of another account or region."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "InvalidRequestException"


def is_about_credentials(error: Exception) -> bool:
    """Whether the credentials are missing, wrong, expired or lack a right."""
    if isinstance(error, ClientError):
        return (
            error.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403)
            or is_expired(error)
            or error.response["Error"]["Code"] in _CREDENTIAL_CODES
        )
    return lacks_credentials(error) or isinstance(error, CredentialRetrievalError)


def lacks_credentials(error: Exception) -> bool:
    """Whether no credentials were found, half of them, or those of a login that has run out."""
    return isinstance(error, (NoCredentialsError, *_BROKEN_LOGIN))


def may_succeed_later(error: Exception) -> bool:
    """Whether the same call can succeed later. EMR's own refusals (validation, access) and a broken login cannot; what else never reached EMR, or was throttled, can.

    botocore says NoCredentialsError also when the metadata of an instance did not answer this time, so that may pass.
    """
    if not isinstance(error, ClientError):
        return not isinstance(error, _BROKEN_LOGIN)
    return is_throttling(error) or is_outage(error) or is_expired(error)


def _message_of(details: Mapping[str, Any]) -> str:
    """AWS's message without its full stop; S3 says beside it which bucket or key it means."""
    message = str(details.get("Message", "")).rstrip(" .")
    subject = "/".join(str(details[key]) for key in ("BucketName", "Key") if details.get(key))
    return message if not subject or subject in message else f"{message} (s3://{subject})"


def describe_error(error: Exception) -> str:
    """An AWS error as one line: code and message, without botocore's preamble; and what to do about a right or credentials that are missing."""
    if isinstance(error, ClientError):
        details = error.response["Error"]
        words = f"{details.get('Code', 'Unknown')}: {_message_of(details)}"
        if details.get("Code") not in _DENIED_CODES:
            return words
        # The answer to a HEAD request has no body that would tell what was denied.
        return f"{words} ({error.operation_name}). `emr-pipelines infra iam` prints the policy of the role that runs pipelines"
    if lacks_credentials(error):
        return f"{str(error).rstrip('.')}. {_SET_UP}"
    if isinstance(error, BotoCoreError):
        return str(error)
    return f"{type(error).__name__}: {error}"

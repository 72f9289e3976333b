"""The two EMR clients that every call here takes, and what their errors mean. Creates no client and keeps no state.

RunJobFlow and AddJobFlowSteps have no idempotency token (botocore's EMR model), so a resend by botocore after a lost reply makes a second
cluster or step. Reads are therefore retried by botocore, writes are sent once and reconciled by name (`emr.writes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, HTTPClientError, ReadTimeoutError

from emr_pipelines.errors import EmrPipelinesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_emr.client import EMRClient
    from types_boto3_emr.literals import ClusterStateType

# Ten attempts outlast the throttling of a busy account; botocore's default of three fails a poll that only had to wait.
READ_CLIENT_CONFIG: dict[str, Any] = {"retries": {"mode": "standard", "total_max_attempts": 10}}
WRITE_CLIENT_CONFIG: dict[str, Any] = {"retries": {"mode": "standard", "total_max_attempts": 1}}

LIVE_CLUSTER_STATES: Sequence[ClusterStateType] = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")
TERMINAL_CLUSTER_STATES = ("TERMINATED", "TERMINATED_WITH_ERRORS")
TERMINAL_STEP_STATES = ("COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED")

_THROTTLING_CODES = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EmrApi:
    """One EMR endpoint: `read` has READ_CLIENT_CONFIG, `write` has WRITE_CLIENT_CONFIG."""

    read: EMRClient
    write: EMRClient


class RunError(EmrPipelinesError):
    """A run-time failure. `retryable` says whether the same call can succeed later: infrastructure can, a wrong request or a failing job cannot."""

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class ClusterFailed(RunError):
    """A cluster that could not be created, or that ended before it was told to."""


class StepFailed(RunError):
    """A step that ended as FAILED, CANCELLED or INTERRUPTED."""


def is_throttling(error: Exception) -> bool:
    """Whether EMR refused the call for its rate: it had no effect and may be sent again."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in _THROTTLING_CODES


def is_ambiguous(error: Exception) -> bool:
    """Whether the call may have had its effect although no answer came: connection lost, read timed out, or a 5xx."""
    if isinstance(error, ClientError):
        return error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    return isinstance(error, ConnectionClosedError | ReadTimeoutError | HTTPClientError)


def describe_error(error: Exception) -> str:
    """An AWS error as one line: code and message, without botocore's preamble."""
    if isinstance(error, ClientError):
        details = error.response["Error"]
        return f"{details.get('Code', 'Unknown')}: {details.get('Message', '')}"
    if isinstance(error, BotoCoreError):
        return str(error)
    return f"{type(error).__name__}: {error}"

"""Why a cluster did not start, or was lost: EMR's reason in plain words, and the logs of the bootstrap action that it names. Reads S3 only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emr_pipelines.emr.clusters import BOOTSTRAP_FAILURE, reason_code
from emr_pipelines.emr.diagnosis.failures import shorten
from emr_pipelines.emr.diagnosis.recognition import find_cause

if TYPE_CHECKING:
    from types_boto3_emr.type_defs import ClusterTypeDef

    from emr_pipelines.emr.diagnosis.log_gathering import LogSource, Patience

_INSTANCE = re.compile(r"\bi-[0-9a-zA-Z]+\b")
_NUMBER = re.compile(r"bootstrap action (\d+)")
_EXIT_CODE = re.compile(r"(?:exit code|ret val|exitCode|return code) (\d+)")
_BOOTSTRAP_LOGS = ("stderr", "stdout", "controller")
_WORDS = {
    "INSTANCE_FAILURE": "The cluster lost its instances",
    "INSTANCE_FLEET_TIMEOUT": "EMR could not get the cluster's instances in time",
    "INTERNAL_ERROR": "EMR itself failed",
    "VALIDATION_ERROR": "EMR refused the cluster",
    BOOTSTRAP_FAILURE: "The instances could not be prepared",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapFailure:
    """A bootstrap action, by its number from 1, that ended with an error on an instance."""

    instance_id: str
    number: int


def describe_reason(cluster: ClusterTypeDef) -> str | None:
    """EMR's reason for the end of a cluster; None when it tells of no fault, as when somebody ended it."""
    words = _WORDS.get(reason_code(cluster))
    message = shorten(cluster["Status"].get("StateChangeReason", {}).get("Message", ""))
    return f"{words}: {message}" if words and message else words


def find_bootstrap_failure(cluster: ClusterTypeDef) -> BootstrapFailure | None:
    """The bootstrap action that EMR's reason names; None when it failed otherwise, or was not even downloaded."""
    message = cluster["Status"].get("StateChangeReason", {}).get("Message", "")
    instance, number = _INSTANCE.search(message), _NUMBER.search(message)
    if reason_code(cluster) != BOOTSTRAP_FAILURE or "download" in message or instance is None or number is None:
        return None
    return BootstrapFailure(instance_id=instance[0], number=int(number[1]))


def gather_bootstrap(source: LogSource, failure: BootstrapFailure, patience: Patience) -> dict[str, str]:
    """The logs of the failed bootstrap action by name, once there are any."""
    places = source.places
    keys = {name: places.bootstrap(failure.instance_id, failure.number, name) for name in _BOOTSTRAP_LOGS}
    return patience.wait_for(lambda: source.read_all(keys), bool)


def describe_bootstrap(failure: BootstrapFailure, logs: dict[str, str]) -> str:
    """`Bootstrap action 1 ended with exit code 1 on i-…: <what it complained of last>`."""
    code = _EXIT_CODE.findall(logs.get("controller", ""))
    ending = f"ended with exit code {code[-1]}" if code else "failed"
    errors = logs.get("stderr", "")
    cause = find_cause([errors, logs.get("stdout", "")]) or shorten("\n".join(reversed(errors.splitlines())))
    words = f"Bootstrap action {failure.number} {ending} on {failure.instance_id}"
    return f"{words}: {cause}" if cause else words

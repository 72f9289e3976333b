"""What bootstrap actions are, how they can fail, and what a launch learns of them. Pure: fetches nothing, starts nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from emr_local.resources.records import ClusterRecord, Json

# AWS keeps scripts of its own in these buckets; nothing of them is here but the meaning of run-if.
_OF_AWS = re.compile(r"s3[an]?://(?:[a-z0-9-]+\.)?elasticmapreduce/(?P<key>.*)")
_RUN_IF = "bootstrap-actions/run-if"
_CONDITION = re.compile(r"instance\.(?P<field>\w+)(?P<sign>!?=)(?P<value>.*)")
# What EMR's instance.json says of a primary node, the only one whose bootstrap actions run here.
_PRIMARY = {"isMaster": "true", "isRunningNameNode": "true", "isRunningDataNode": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapAction:
    """One action, by its number from 1: a script in S3 or a shell command. With neither, it is one of AWS's own."""

    number: int
    script: str | None = None
    command: str | None = None
    args: Sequence[str] = ()
    condition: str | None = None


class FailureKind(StrEnum):
    """How an action can fail, in EMR's words for the instance and the number of the action."""

    DOWNLOAD = "Master instance ({}) failed attempting to download bootstrap action {} file from S3"
    EXIT_CODE = "On the master instance ({}), bootstrap action {} returned a non-zero return code"
    TIMEOUT = "On the master instance ({}), bootstrap action {} timed out executing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapFailure:
    """Which action ended a launch, and how."""

    number: int
    kind: FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionLogs:
    """What one action leaves under the LogUri."""

    number: int
    controller: str
    stdout: bytes = b""
    stderr: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapOutcome:
    """How the bootstrap actions of a cluster went."""

    logs: Sequence[ActionLogs] = ()
    failure: BootstrapFailure | None = None


class Bootstrapper(Protocol):
    """Checks, and perhaps runs, the bootstrap actions of all clusters of one server."""

    def bootstrap(self, cluster: ClusterRecord) -> BootstrapOutcome:
        """Take a cluster's actions in their order, until one fails; blocks."""

    def stop(self, cluster_id: str) -> None:
        """End what a cluster's actions started and remove their scratch directory. Safe for an unknown id."""

    def close(self) -> None:
        """`stop` for all clusters."""


def is_script_address(path: str) -> bool:
    """Whether EMR takes this for the path of a bootstrap action."""
    return path.startswith(("s3://", "s3a://", "s3n://", "file:"))


def list_bootstrap_actions(request: Json) -> list[BootstrapAction]:
    """The bootstrap actions of a RunJobFlow request."""
    return [
        _parse_action(number, each["ScriptBootstrapAction"])
        for number, each in enumerate(request.get("BootstrapActions", ()), start=1)
    ]


def runs_on_primary(action: BootstrapAction) -> bool:
    """Whether a primary node meets the action's condition; one that cannot be read or names an unknown field is not met."""
    if action.condition is None:
        return True
    match = _CONDITION.fullmatch(action.condition)
    if match is None or match["field"] not in _PRIMARY:
        return False
    return (_PRIMARY[match["field"]] == match["value"]) is (match["sign"] == "=")


def describe_command(action: BootstrapAction) -> str:
    """The action as a line of a log."""
    return " ".join([action.script or action.command or "", *action.args])


def format_controller(action: BootstrapAction, exit_code: int, seconds: float = 0.0) -> str:
    """The controller log of an action that ended."""
    command = describe_command(action)
    lines = [
        f"INFO startExec '{command}'",
        f"INFO waitProcessCompletion ended with exit code {exit_code} : {command}",
        f"INFO total process run time: {seconds:.0f} seconds",
        "INFO Execution succeeded" if exit_code == 0 else f"ERROR Execution failed with code '{exit_code}'",
    ]
    return "\n".join(lines) + "\n"


def _parse_action(number: int, request: Json) -> BootstrapAction:
    path, args = request["Path"], request.get("Args", [])
    own = _OF_AWS.fullmatch(path)
    if own and own["key"] == _RUN_IF and args:
        return _parse_conditional(number, args[0], args[1:])
    if own or path.startswith("file:"):  # a file of the node's image is as little here as a script of AWS
        return BootstrapAction(number=number)
    return BootstrapAction(number=number, script=path, args=args)


def _parse_conditional(number: int, condition: str, words: Sequence[str]) -> BootstrapAction:
    if words and is_script_address(words[0]):
        inner = _parse_action(number, {"Path": words[0], "Args": words[1:]})
        return BootstrapAction(number=number, script=inner.script, args=inner.args, condition=condition)
    return BootstrapAction(number=number, command=" ".join(words), condition=condition)

"""The seam between the EMR service (states, wire) and what executes on this machine. Data and protocols only: no process, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRequest:
    """What an executor needs to know of a cluster before its steps can run."""

    cluster_id: str
    log_uri: str | None = (
        None  # as given to RunJobFlow, without the trailing slash; None: logs are kept on no S3 prefix
    )
    configurations: tuple[
        Mapping[str, object], ...
    ] = ()  # RunJobFlow's Configurations (Classification, Properties, Configurations)
    step_concurrency: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """One HadoopJarStep that is to run now."""

    cluster_id: str
    step_id: str
    name: str
    jar: str
    args: tuple[str, ...] = ()
    main_class: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome:
    """How a step's process ended; the service turns it into COMPLETED, FAILED or CANCELLED.

    `exit_code` is 0 for success and -N where signal N ended the process. The other fields are EMR's FailureDetails,
    set only for a failure: a short reason ("Unknown Error.", "Output directory already exists."), the message, and the s3:// URI of the log that shows it.
    """

    exit_code: int
    reason: str | None = None
    message: str | None = None
    log_file: str | None = None


class RunningStep(Protocol):
    """A step that was started. All three calls may come from different threads."""

    def wait(self) -> StepOutcome:
        """Block until the whole process group is gone, its logs are gzipped under the LogUri and its S3 writes are visible to clients."""

    def interrupt(self) -> None:
        """SIGTERM to the process group, SIGKILL to what is left 3 s later; returns at once. (CancelSteps SEND_INTERRUPT.)"""

    def kill(self) -> None:
        """SIGKILL to the process group; returns at once. (CancelSteps TERMINATE_PROCESS.)"""


class Executor(Protocol):
    """Runs the steps of all clusters of one server."""

    def open_cluster(self, cluster: ClusterRequest) -> None:
        """Make the cluster's HDFS directory; returns at once."""

    def start_step(self, step: StepRequest) -> RunningStep:
        """Start a step of an open cluster. A step that cannot even start (no such jar, unknown command) still gives a RunningStep that fails with a reason."""

    def close_cluster(self, cluster_id: str) -> None:
        """Kill what still runs, stop the JVMs, delete the cluster's HDFS. Safe to call twice and for an unknown id."""

    def close(self) -> None:
        """close_cluster for all; called once, when the server stops."""

"""The logs of one attempt of a step: which there are, where each lies, and its text from a position on. Clients are passed in; reads S3 only.

EMR copies the logs of a running step to S3 about every five minutes, and once more when it has ended; emr_local every two seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from emr_pipelines.emr.clusters import describe
from emr_pipelines.emr.diagnosis.log_gathering import STEP_LOGS
from emr_pipelines.emr.diagnosis.log_places import (
    LogPlaces,
    find_application,
    find_places,
    pick_driver_logs,
    pick_worker_logs,
)
from emr_pipelines.emr.diagnosis.log_reading import list_keys, read_log, read_log_end
from emr_pipelines.emr.diagnosis.told_failures import file_behind
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.run_records.sources import RunSources

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3.client import S3Client

    from emr_pipelines.emr.steps import StepHandle

Stream = Literal["stderr", "stdout", "controller", "syslog", "driver", "executor"]
_MOST_EXECUTORS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLog:
    """One log of a step: its name for people, the s3:// address, its key there."""

    name: str
    address: str
    bucket: str
    key: str

    def file(self, s3: S3Client) -> Path | None:
        """The log as a file of this machine, where emr_local keeps it."""
        return file_behind(s3, self.address)

    def is_there(self, s3: S3Client) -> bool:
        """Whether EMR has copied it to S3."""
        return self.key in list_keys(s3, self.bucket, self.key)

    def read(self, s3: S3Client, position: int = 0) -> tuple[str, int] | None:
        """The text after so many bytes (at most the last MiB), and how many bytes the log has by now; None when it is not there yet."""
        end = read_log_end(s3, self.bucket, self.key)
        return None if end is None else (end.text_after(position), end.total)


def log_places(sources: RunSources, cluster_id: str) -> LogPlaces:
    """Where the cluster keeps its logs. Raises EmrPipelinesError for one that keeps none."""
    places = find_places(describe(sources.api, cluster_id).get("LogUri"), cluster_id)
    if places is None:
        raise EmrPipelinesError(
            f"Cluster {cluster_id} keeps no logs on S3: it was made without a LogUri. Set `logs` in the environment, or `log_uri` under `cluster`"
        )
    return places


def find_logs(sources: RunSources, places: LogPlaces, handle: StepHandle, stream: Stream) -> list[StepLog]:
    """The logs of this kind: one of EMR's own, which may not be there yet; those of the driver and of the executors as far as they are there."""
    if stream in STEP_LOGS:
        return [_log(places, stream, places.step(handle.step_id, stream))]
    return list(_container_logs(sources, places, handle, stream))


def first_with_text(s3: S3Client, logs: Sequence[StepLog]) -> StepLog | None:
    """The first of the logs that says anything."""
    return next((log for log in logs if (read_log(s3, log.bucket, log.key) or "").strip()), None)


def _container_logs(sources: RunSources, places: LogPlaces, handle: StepHandle, stream: Stream) -> Iterator[StepLog]:
    submission = read_log(sources.s3, places.bucket, places.step(handle.step_id, "stderr")) or ""
    application = find_application(submission)
    if application is None:
        return
    keys = list_keys(sources.s3, places.bucket, places.containers(application))
    if stream == "driver":
        for name, key in sorted(pick_driver_logs(keys).items(), reverse=True):
            yield _log(places, f"driver's {name}", key)
        return
    for key in pick_worker_logs(keys, _MOST_EXECUTORS):
        container, name = key.rsplit("/", 2)[1:]
        yield _log(places, f"{name.removesuffix('.gz')} of {container}", key)


def _log(places: LogPlaces, name: str, key: str) -> StepLog:
    return StepLog(name=name, address=places.address(key), bucket=places.bucket, key=key)

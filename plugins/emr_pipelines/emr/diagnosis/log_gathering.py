"""Collects the logs of a failure, waiting until EMR has uploaded them. Reads S3 only; what the logs mean is decided elsewhere."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from emr_pipelines.emr.diagnosis.log_places import LogPlaces, pick_driver_logs, pick_worker_logs
from emr_pipelines.emr.diagnosis.log_reading import list_keys, read_log
from emr_pipelines.emr.polling import PollInterval, poll_until

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

T = TypeVar("T")

STEP_LOGS = ("stderr", "stdout", "controller", "syslog")
_MOST_WORKER_LOGS = 12
# EMR uploads a running step's logs every five minutes too; only its controller tells that what is there is all there will be.
_STEP_HAS_ENDED = re.compile(
    r"ended with exit code|Step \w+ with exitCode|total process run time|Command exiting with ret"
)
_DRIVER_HAS_ENDED = re.compile(r"Final app status|Shutdown hook called|Unregistering ApplicationMaster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long it may still be waited for logs, in all."""

    until: float

    @classmethod
    def of(cls, seconds: float) -> Patience:
        """From now on."""
        return cls(until=time.monotonic() + seconds)

    def spent(self) -> Patience:
        """No patience: what is there now."""
        return Patience(until=0.0)

    def wait_for(self, observe: Callable[[], T], done: Callable[[T], bool]) -> T:
        """What `observe` gives when `done` accepts it, or when the patience is at its end; observed once at least."""
        left = max(0.0, self.until - time.monotonic())
        interval = PollInterval(maximum=max(0.5, min(15.0, left / 2)))
        return poll_until(observe, done, interval, timeout_seconds=left)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """The logs of one cluster and the client that reads them."""

    s3: S3Client
    places: LogPlaces

    def read(self, key: str) -> str | None:
        """A log's end; None when it is not there."""
        return read_log(self.s3, self.places.bucket, key)

    def read_all(self, keys: dict[str, str]) -> dict[str, str]:
        """The logs that are there, by name."""
        texts = {name: self.read(key) for name, key in keys.items()}
        return {name: text for name, text in texts.items() if text}


def gather_step(source: LogSource, step_id: str, patience: Patience) -> dict[str, str]:
    """The step's own logs by name, once its process has ended and EMR has uploaded them."""
    patience.wait_for(
        lambda: source.read(source.places.step(step_id, "controller")) or "",
        lambda text: _STEP_HAS_ENDED.search(text) is not None,
    )
    return source.read_all({name: source.places.step(step_id, name) for name in STEP_LOGS})


def gather_driver(source: LogSource, application_id: str, patience: Patience) -> dict[str, str]:
    """The logs of the driver in the cluster (deploy mode cluster) by name, once they are complete."""
    return patience.wait_for(
        lambda: source.read_all(pick_driver_logs(_container_keys(source, application_id))),
        lambda logs: any(_DRIVER_HAS_ENDED.search(text) for text in logs.values()),
    )


def gather_workers(source: LogSource, application_id: str) -> list[str]:
    """The logs of some of the application's other containers, which are there when the driver's are."""
    keys = pick_worker_logs(_container_keys(source, application_id), _MOST_WORKER_LOGS)
    return list(source.read_all({key: key for key in keys}).values())


def _container_keys(source: LogSource, application_id: str) -> list[str]:
    return list_keys(source.s3, source.places.bucket, source.places.containers(application_id))

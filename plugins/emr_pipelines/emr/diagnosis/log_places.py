"""Where EMR puts the logs of a cluster's steps, containers and bootstrap actions in S3. Addresses only: reads nothing.

Layouts: AWS, "View Amazon EMR log files" (emr-plan-debugging).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_APPLICATION = re.compile(r"\bapplication_\d+_\d+\b")
_SUBMITTED = re.compile(r"Submitted application (application_\d+_\d+)")
# container_<epoch of the resource manager>_<application>_<attempt>_<number>; YARN's first container of an attempt runs the driver.
_DRIVER = re.compile(r"/container_(?:e\d+_)?\d+_\d+_(?P<attempt>\d+)_000001/")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlaces:
    """The S3 addresses of one cluster's logs."""

    bucket: str
    cluster_prefix: str

    def address(self, key: str) -> str:
        """The s3:// address of one of the keys."""
        return f"s3://{self.bucket}/{key}"

    def step(self, step_id: str, name: str) -> str:
        """The key of a log of a step; `name` is controller, stderr, stdout or syslog."""
        return f"{self.cluster_prefix}/steps/{step_id}/{name}.gz"

    def containers(self, application_id: str) -> str:
        """The prefix of the logs of a YARN application's containers."""
        return f"{self.cluster_prefix}/containers/{application_id}/"

    def bootstrap(self, instance_id: str, number: int, name: str) -> str:
        """The key of a log of the bootstrap action with this number (from 1) on an EC2 instance."""
        return f"{self.cluster_prefix}/node/{instance_id}/bootstrap-actions/{number}/{name}.gz"


def find_places(log_uri: str | None, cluster_id: str) -> LogPlaces | None:
    """The places below a cluster's LogUri; None when it keeps no logs. EMR answers with s3n:// for some clusters; the bucket and the key are the same."""
    if not log_uri or "://" not in log_uri:
        return None
    bucket, _, prefix = log_uri.split("://", 1)[1].partition("/")
    parts = (prefix.strip("/"), cluster_id)
    return LogPlaces(bucket=bucket, cluster_prefix="/".join(part for part in parts if part))


def find_application(step_log: str) -> str | None:
    """The YARN application that a step's stderr tells of: the last one that it submitted, else the last one that it names."""
    ids = _SUBMITTED.findall(step_log) or _APPLICATION.findall(step_log)
    return ids[-1] if ids else None


def pick_driver_logs(keys: Iterable[str]) -> dict[str, str]:
    """The keys of the driver's logs by name (`stdout`, `stderr`): those of the application's last attempt."""
    found: dict[int, dict[str, str]] = {}
    for key in keys:
        match = _DRIVER.search(key)
        name = key.rsplit("/", 1)[-1].removesuffix(".gz")
        if match and name in ("stdout", "stderr"):
            found.setdefault(int(match["attempt"]), {})[name] = key
    return found[max(found)] if found else {}


def pick_worker_logs(keys: Iterable[str], limit: int) -> list[str]:
    """At most `limit` keys of logs of containers that do not run the driver."""
    names = ("/stderr.gz", "/stdout.gz", "/syslog.gz")
    return [key for key in keys if key.endswith(names) and not _DRIVER.search(key)][:limit]

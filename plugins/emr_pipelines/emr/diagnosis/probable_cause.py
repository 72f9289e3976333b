"""Why a step or a launch failed, in one sentence, from the logs in S3. Best effort: never raises and so never changes a verdict. Clients are passed in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emr_pipelines.emr.clusters import describe
from emr_pipelines.emr.diagnosis.launches import (
    describe_bootstrap,
    describe_reason,
    find_bootstrap_failure,
    gather_bootstrap,
)
from emr_pipelines.emr.diagnosis.log_gathering import (
    LogSource,
    Patience,
    gather_driver,
    gather_step,
    gather_workers,
)
from emr_pipelines.emr.diagnosis.log_places import find_application, find_places
from emr_pipelines.emr.diagnosis.recognition import find_cause, find_last_resort

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

    from emr_pipelines.emr.emr_api import EmrApi
    from emr_pipelines.emr.steps import StepHandle

log = logging.getLogger(__name__)

TAIL_LINES = 50
_SHOWN = ("stderr", "stdout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The probable cause (None when the logs say nothing that is understood), the last lines of the logs that there are, by name, and the address of the one to look at first."""

    sentence: str | None = None
    tails: dict[str, list[str]] = field(default_factory=dict)
    log: str | None = None


def explain_step(api: EmrApi, s3: S3Client, handle: StepHandle, *, state: str, patience_seconds: float) -> Explanation:
    """Why the step ended in this state. EMR uploads logs about every five minutes: they are waited for, at most `patience_seconds` in all.

    Only a FAILED step has its cause in its logs. Any other was stopped from outside, or never started: its cluster may say why, its logs tell of the stop alone, and they
    are not waited for. Costs one DescribeCluster.
    """
    patience = Patience.of(patience_seconds)
    return _without_raising(f"step {handle.step_id}", lambda: _explain_step(api, s3, handle, state, patience))


def explain_launch(api: EmrApi, s3: S3Client, cluster_id: str, *, patience_seconds: float) -> Explanation:
    """Why the cluster did not start: what EMR says of it and, for a bootstrap action, its logs. Costs one DescribeCluster."""
    patience = Patience.of(patience_seconds)
    return _without_raising(f"cluster {cluster_id}", lambda: _explain_launch(api, s3, cluster_id, patience))


def _without_raising(subject: str, explain: Callable[[], Explanation]) -> Explanation:
    try:
        return explain()
    except Exception as error:  # whatever is wrong with a log, the failure that it was read for is what must be told
        log.warning("The logs of %s cannot be read: %s: %s", subject, type(error).__name__, error)
        return Explanation()


def _explain_step(api: EmrApi, s3: S3Client, handle: StepHandle, state: str, patience: Patience) -> Explanation:
    cluster = describe(api, handle.cluster_id)
    reason = describe_reason(cluster)
    places = find_places(cluster.get("LogUri"), handle.cluster_id)
    if places is None:
        return Explanation(sentence=reason)
    source = LogSource(s3=s3, places=places)
    if state != "FAILED":
        own = gather_step(source, handle.step_id, patience.spent())
        return Explanation(sentence=reason, tails=_tails(own), log=_first_log(own, source, handle.step_id))
    own = gather_step(source, handle.step_id, patience)
    sentence, tails = _explain_from_logs(source, own, patience)
    return Explanation(sentence=sentence or reason, tails=tails, log=_first_log(own, source, handle.step_id))


def _first_log(own: Mapping[str, str], source: LogSource, step_id: str) -> str | None:
    """The address of the step's stderr, else of its stdout."""
    name = next((name for name in _SHOWN if own.get(name, "").strip()), None)
    return None if name is None else source.places.address(source.places.step(step_id, name))


def _explain_from_logs(
    source: LogSource, own: Mapping[str, str], patience: Patience
) -> tuple[str | None, dict[str, list[str]]]:
    application = find_application(own.get("stderr", ""))
    driver: dict[str, str] = {}
    workers: list[str] = []
    if application is not None:
        # What the step's own logs tell is not worth the wait for those of the containers.
        driver = gather_driver(source, application, patience.spent() if find_cause(_texts(own)) else patience)
        workers = gather_workers(source, application)
    sentence = _find_sentence([*_texts(driver), *_texts(own)], workers)
    return sentence, {**_tails(own), **_tails(driver, "driver ")}


def _find_sentence(logs: list[str], workers: list[str]) -> str | None:
    return find_cause(logs) or find_cause(workers) or find_last_resort([*logs, *workers])


def _explain_launch(api: EmrApi, s3: S3Client, cluster_id: str, patience: Patience) -> Explanation:
    cluster = describe(api, cluster_id)
    failure = find_bootstrap_failure(cluster)
    if failure is None:
        return Explanation(sentence=describe_reason(cluster))
    places = find_places(cluster.get("LogUri"), cluster_id)
    logs = {} if places is None else gather_bootstrap(LogSource(s3=s3, places=places), failure, patience)
    name = next((name for name in _SHOWN if logs.get(name, "").strip()), None)
    return Explanation(
        sentence=describe_bootstrap(failure, logs),
        tails=_tails(logs, f"bootstrap action {failure.number} "),
        log=places.address(places.bootstrap(failure.instance_id, failure.number, name)) if places and name else None,
    )


def _texts(logs: Mapping[str, str]) -> list[str]:
    """The logs with what Python writes first: in deploy mode cluster the script's traceback is in the driver's stdout."""
    return [logs[name] for name in sorted(logs, key=lambda name: name != "stdout")]


def _tails(logs: Mapping[str, str], prefix: str = "") -> dict[str, list[str]]:
    shown = {name: logs.get(name, "") for name in _SHOWN}
    return {f"{prefix}{name}": text.splitlines()[-TAIL_LINES:] for name, text in shown.items() if text.strip()}

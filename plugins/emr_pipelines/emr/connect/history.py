"""Presigned links to the histories that EMR keeps outside the cluster, for 30 days after its end. Clients are passed in.

EMR makes such a page on request (CreatePersistentAppUI) and then signs links to it (botocore's EMR model; AWS: "View persistent application user interfaces").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from botocore.exceptions import ClientError

from emr_pipelines.emr.connect.primary_node import PrimaryNode
from emr_pipelines.emr.emr_api import EmrApi, describe_error
from emr_pipelines.emr.polling import PollInterval, poll_until

# Kind → the name on the page and the first release of the 5 line that has it; 6.0 and later have all.
_KINDS = {"SHS": ("Spark history server", (5, 25)), "YTS": ("YARN timeline", (5, 30)), "TEZ": ("Tez", (5, 30))}
_READY_SECONDS = 120.0
_INTERVAL = PollInterval(minimum=1.0, maximum=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLink:
    """A link to one history, or why there is none."""

    name: str
    url: str | None = None
    problem: str | None = None


def history_links(api: EmrApi, node: PrimaryNode) -> list[HistoryLink]:
    """A link for each kind of history. What EMR refuses is told in the link; nothing is raised for it."""
    try:
        page = api.write.create_persistent_app_ui(TargetResourceArn=node.cluster_arn)["PersistentAppUIId"]
    except ClientError as error:
        return [HistoryLink(name=name, problem=describe_error(error)) for name, _ in _KINDS.values()]
    return [_link(api, page, kind, node.release) for kind in _KINDS]


def _link(api: EmrApi, page: str, kind: str, release: str) -> HistoryLink:
    name, first = _KINDS[kind]
    if _version(release) < first:
        return HistoryLink(
            name=name, problem=f"{release} keeps no {name}; emr-{first[0]}.{first[1]}.0 is the first that does"
        )
    try:
        answer = poll_until(
            lambda: api.read.get_persistent_app_ui_presigned_url(PersistentAppUIId=page, PersistentAppUIType=kind),  # type: ignore[arg-type]  # a kind of _KINDS
            lambda found: bool(found.get("PresignedURLReady")),
            _INTERVAL,
            timeout_seconds=_READY_SECONDS,
        )
    except ClientError as error:
        return HistoryLink(name=name, problem=describe_error(error))
    if not answer.get("PresignedURLReady"):
        return HistoryLink(
            name=name, problem=f"EMR did not make the page within {_READY_SECONDS:.0f} s; ask again in a minute"
        )
    return HistoryLink(name=name, url=answer["PresignedURL"])


def _version(release: str) -> tuple[int, int]:
    """The release's line and number; `emr-spark-8.1.0` is 8.1. One that is not understood is taken for new."""
    match = re.search(r"(\d+)\.(\d+)", release)
    return (int(match[1]), int(match[2])) if match else (999, 0)

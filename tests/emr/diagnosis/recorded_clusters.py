"""Clusters whose end is recorded, since no emr_local can be brought to each of them."""

from __future__ import annotations

from typing import Any

CLUSTER = "j-1K48XXXXXXHCB"


class ClusterThatSays:
    """A read client for one cluster whose end emr_local would have to be brought to; counts the calls."""

    def __init__(self, **cluster: Any) -> None:
        self._cluster = {"Id": CLUSTER, "Status": {"State": "RUNNING"}, **cluster}
        self.calls = 0

    def describe_cluster(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        return {"Cluster": self._cluster}

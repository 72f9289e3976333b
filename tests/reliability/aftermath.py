"""What a run left on EMR, and the invariants that hold after every fault. Imports no Airflow."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emr_pipelines.emr.clusters import find_clusters
from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.plan.keys import cluster_name, parse_step_name

ACTIVE = ("PENDING", "CANCEL_PENDING", "RUNNING")
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Aftermath:
    """All clusters and steps that one run ever had."""

    api: EmrApi
    pipeline: str
    run_key: str

    def clusters(self) -> list[str]:
        """All clusters that the run ever had, oldest first."""
        pages = self.api.read.get_paginator("list_clusters").paginate()
        found = [cluster for page in pages for cluster in page["Clusters"] if cluster["Name"] == self._name()]
        return [one["Id"] for one in sorted(found, key=lambda one: one["Status"]["Timeline"]["CreationDateTime"])]

    def live_clusters(self) -> list[str]:
        """Those that have not ended."""
        return find_clusters(self.api, name=self._name())

    def steps(self, step: str) -> list[dict[str, Any]]:
        """All submissions of one step, in the order of submission."""
        found = [one for one in self._all_steps() if one["Name"].split()[0] == step]
        return sorted(found, key=lambda one: one["Status"]["Timeline"]["CreationDateTime"])

    def check(self) -> None:
        """Nothing is live, and no two clusters, and no two submissions of one step, lived at the same time."""
        assert self.live_clusters() == [], "a cluster outlived its run"
        described = [self.api.read.describe_cluster(ClusterId=one)["Cluster"] for one in self.clusters()]
        _refuse_overlap("clusters", [_span(cluster) for cluster in described])
        spans: dict[str, list[Span]] = {}
        for step in self._all_steps():
            key = parse_step_name(step["Name"])
            assert key is not None, f"{step['Name']} carries no key"
            assert step["Status"]["State"] not in ACTIVE, f"{step['Name']} is still {step['Status']['State']}"
            spans.setdefault(key.family, []).append(_span(step))
        for family, found in spans.items():
            _refuse_overlap(f"submissions of {family}", found)

    def _all_steps(self) -> list[dict[str, Any]]:
        return [
            step
            for cluster in self.clusters()
            for page in self.api.read.get_paginator("list_steps").paginate(ClusterId=cluster)
            for step in page["Steps"]
        ]

    def _name(self) -> str:
        return cluster_name(self.pipeline, self.run_key, "main")


def _span(one: Any) -> Span:
    timeline = one["Status"]["Timeline"]
    return timeline["CreationDateTime"], timeline["EndDateTime"]


def _refuse_overlap(what: str, spans: list[Span]) -> None:
    for (_, end), (begin, _) in itertools.pairwise(sorted(spans)):
        assert end <= begin, f"two {what} lived at the same time: {spans}"

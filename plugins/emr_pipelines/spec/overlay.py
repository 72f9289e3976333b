"""Puts a pipeline's cluster over the cluster defaults of its environment. Pure.

Maps merge, lists and scalars replace. A part that the pipeline writes as a group replaces a part that the environment writes as a fleet, and the
other way round. A long-running cluster (`id` or `name`) takes nothing from the environment.
"""

from __future__ import annotations

from typing import Any

from emr_pipelines.spec.document import Document, Mark, Path

FLEET_KEYS = ("instances", "on_demand", "spot", "spot_timeout", "fallback", "allocation")
GROUP_KEYS = ("instance", "count", "market", "bid_price")
PARTS = ("primary", "core", "task")
_CLUSTER: Path = ("cluster",)
_LONG_RUNNING = ("id", "name")


def overlay_cluster(pipeline: Document, environment: Document, defaults: dict[str, Any]) -> Document:
    """The pipeline's document with the environment's cluster `defaults` merged under; marks of defaults point into the environment's file."""
    own = pipeline.value.get("cluster")
    if not isinstance(own, dict) or any(key in own for key in _LONG_RUNNING):
        return pipeline
    merger = _Merger(pipeline, environment)
    merged = merger.merge(own, defaults, _CLUSTER)
    return Document(
        file=pipeline.file,
        value={**pipeline.value, "cluster": merged},
        keys={**pipeline.keys, **merger.keys},
        values={**pipeline.values, **merger.values},
        broken=pipeline.broken,
    )


class _Merger:
    """Merges values and collects the marks of those taken from the environment."""

    def __init__(self, pipeline: Document, environment: Document) -> None:
        self.keys: dict[Path, Mark] = {}
        self.values: dict[Path, Mark] = {}
        self._pipeline = pipeline
        self._environment = environment

    def merge(self, own: dict[str, Any], defaults: dict[str, Any], path: Path) -> dict[str, Any]:
        """`own` over `defaults`; a value that the pipeline wrote but that could not be read takes no default."""
        merged = dict(own)
        for key, default in defaults.items():
            inner = (*path, key)
            if path == _CLUSTER and key in _LONG_RUNNING:
                continue
            if key not in own:
                if inner not in self._pipeline.broken:
                    merged[key] = default
                    self._take_marks(inner)
            elif (
                isinstance(own[key], dict)
                and isinstance(default, dict)
                and not _of_other_form(key, path, own[key], default)
            ):
                merged[key] = self.merge(own[key], default, inner)
        return merged

    def _take_marks(self, path: Path) -> None:
        depth = len(path)
        self.keys.update({inner: mark for inner, mark in self._environment.keys.items() if inner[:depth] == path})
        self.values.update({inner: mark for inner, mark in self._environment.values.items() if inner[:depth] == path})


def _of_other_form(key: str, path: Path, own: dict[str, Any], default: dict[str, Any]) -> bool:
    """Whether one side is a group and the other a fleet."""
    if path != _CLUSTER or key not in PARTS:
        return False
    return (has_any(own, GROUP_KEYS) and has_any(default, FLEET_KEYS)) or (
        has_any(own, FLEET_KEYS) and has_any(default, GROUP_KEYS)
    )


def has_any(part: dict[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether a map has at least one of the keys."""
    return any(key in part for key in keys)

"""Puts a pipeline's cluster over the cluster defaults of its environment. Pure.

Maps merge, lists and scalars replace, but configurations merge by classification, and within one property by property. A part that the pipeline writes as a group replaces a part that the environment writes as a fleet, and the
other way round. A long-running cluster (`id` or `name`) takes nothing from the environment.
"""

from __future__ import annotations

from typing import Any

from emr_pipelines.pipeline_spec.reading.document import Document, Mark, Path

FLEET_KEYS = (
    "instances", "on_demand", "spot", "spot_timeout", "fallback", "allocation", "on_demand_allocation", "capacity_reservation", "resize",
)  # fmt: skip
GROUP_KEYS = ("instance", "count", "market", "bid_price", "autoscaling")
PARTS = ("primary", "core", "task")
_CLUSTER: Path = ("cluster",)
_LONG_RUNNING = ("id", "name")
_BY_CLASSIFICATION = "configurations"


def overlay_cluster(pipeline: Document, environment: Document, defaults: dict[str, Any]) -> Document:
    """The pipeline's document with the environment's cluster `defaults` merged under; marks of defaults point into the environment's file."""
    own = pipeline.value.get("cluster")
    if not isinstance(own, dict) or any(key in own for key in _LONG_RUNNING):
        return pipeline
    merger = _Merger(pipeline, environment)
    merged = merger.merge(own, defaults, _CLUSTER, _CLUSTER)
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

    def merge(self, own: dict[str, Any], defaults: dict[str, Any], path: Path, source: Path) -> dict[str, Any]:
        """`own` (at `path`) over `defaults` (at `source` of the environment); a value that the pipeline wrote but that could not be read takes no default."""
        merged = dict(own)
        for key, default in defaults.items():
            inner, origin = (*path, key), (*source, key)
            if path == _CLUSTER and key in _LONG_RUNNING:
                continue
            if key not in own:
                if inner not in self._pipeline.broken:
                    merged[key] = default
                    self._take_marks(origin, inner)
            elif not _of_other_form(key, path, own[key], default):
                merged[key] = self._merge_value(own[key], default, inner, origin)
        return merged

    def _merge_value(self, own: Any, default: Any, path: Path, source: Path) -> Any:
        if isinstance(own, dict) and isinstance(default, dict):
            return self.merge(own, default, path, source)
        if path[-1] == _BY_CLASSIFICATION and isinstance(own, list) and isinstance(default, list):
            return self._merge_classifications(own, default, path, source)
        return own

    def _merge_classifications(self, own: list[Any], defaults: list[Any], path: Path, source: Path) -> list[Any]:
        """The pipeline's entries first, each over the environment's of its classification; then the environment's others."""
        merged = list(own)
        free = {name: at for at, entry in reversed([*enumerate(own)]) if (name := _classification(entry))}
        for index, default in enumerate(defaults):
            name = _classification(default)
            at = free.pop(name, None) if name else None
            if at is None:
                self._take_marks((*source, index), (*path, len(merged)))
                merged.append(default)
            else:
                merged[at] = self.merge(own[at], default, (*path, at), (*source, index))
        return merged

    def _take_marks(self, source: Path, path: Path) -> None:
        """The environment's marks at and below `source`, for the same values at `path` of the pipeline."""
        depth = len(source)
        for ours, theirs in ((self.keys, self._environment.keys), (self.values, self._environment.values)):
            ours.update({(*path, *place[depth:]): mark for place, mark in theirs.items() if place[:depth] == source})


def _classification(entry: Any) -> str | None:
    name = entry.get("classification") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else None


def _of_other_form(key: str, path: Path, own: Any, default: Any) -> bool:
    """Whether one side is a group and the other a fleet."""
    if path != _CLUSTER or key not in PARTS or not isinstance(own, dict) or not isinstance(default, dict):
        return False
    return (has_any(own, GROUP_KEYS) and has_any(default, FLEET_KEYS)) or (
        has_any(own, FLEET_KEYS) and has_any(default, GROUP_KEYS)
    )


def has_any(part: dict[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether a map has at least one of the keys."""
    return any(key in part for key in keys)

"""Harmless values for required keys that are missing or do not fit, so that the rules can run on the rest. They never reach a plan."""

from __future__ import annotations

from typing import Any

from emr_pipelines.pipeline_spec.reading.document import Path

_ENVIRONMENT: dict[str, Any] = {
    "name": "unnamed",
    "connection": {"id": "unnamed"},
    "region": "us-east-1",
    "bucket": "s3://unnamed",
    "data": "s3://unnamed/data",
    "logs": "s3://unnamed/logs",
}


def _step(index: int | str) -> dict[str, Any]:
    return {"name": f"unnamed_{index}", "command": ["true"]}


def pipeline_fallback(path: Path) -> Any:
    """The stand-in at a path of a pipeline, or None."""
    match path:
        case ("name",):
            return "unnamed"
        case ("cluster",):
            return {"id": "j-UNNAMED"}
        case ("steps",):
            return [_step(0)]
        case ("steps", index):
            return _step(index)
        case ("steps", index, "name"):
            return _step(index)["name"]
    return None


def environment_fallback(path: Path) -> Any:
    """The stand-in at a path of an environment, or None."""
    return _ENVIRONMENT.get(str(path[0])) if len(path) == 1 else None

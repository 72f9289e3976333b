"""A step as it will be run: plain data that the kinds of commands produce and the runner consumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmScript:
    """A PySpark script that may join a JVM that is already warm."""

    script: Path
    arguments: tuple[str, ...]
    properties: Mapping[str, str]
    python_path: tuple[str, ...]
    in_cluster: bool = False  # YARN would start the driver, and fail it without a SparkContext


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedStep:
    """What to start for a step."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    notes: tuple[str, ...] = ()
    warm_script: WarmScript | None = None  # set: prefer a warm JVM, argv is for when there is none
    driver_in_cluster: bool = False  # EMR keeps the driver's logs under containers/ then

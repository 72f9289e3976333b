"""Paths as people read them."""

from __future__ import annotations

from pathlib import Path


def shown_path(path: Path) -> str:
    """A path as short as it can be said from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)

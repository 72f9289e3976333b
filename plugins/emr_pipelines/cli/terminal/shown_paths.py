"""Paths and commands as short as they can be said where a person stands."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def shown_path(path: Path) -> str:
    """A path as short as it can be said from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def own_command() -> str:
    """This command as the person's shell finds it."""
    name = "emr-pipelines"
    own = Path(sys.executable).with_name(name)
    return name if shutil.which(name) == str(own) else shown_path(own)

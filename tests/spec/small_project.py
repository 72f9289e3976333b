"""The small project of bad specs: where it is, and how a spec of it is validated."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner, Result

from emr_pipelines.cli.main import app

PROJECT = Path(__file__).parent / "project"


def validate(*arguments: str) -> Result:
    """`emr-pipelines validate` in the small project."""
    return CliRunner(env={"EMR_PIPELINES_ENV": "local"}).invoke(app, ["validate", *arguments])


def options_in(spec: Path) -> list[str]:
    """The options in a first line `# validate: --env NAME`."""
    found = re.match(rb"# validate: (.*)", spec.read_bytes())
    return found.group(1).decode().split() if found else []

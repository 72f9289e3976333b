"""Golden files of bad specs: which there are, how each is validated, and how the expected text is made anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

from typer.testing import CliRunner, Result

from emr_pipelines.cli.main import app

PROJECT = Path(__file__).parent / "project"
BAD = PROJECT / "bad"
UPDATE = os.environ.get("UPDATE_GOLDENS") == "1"


def bad_specs() -> list[Path]:
    """Every bad spec; the directory listing is the list of tests."""
    return sorted(file for file in BAD.iterdir() if file.suffix in (".yaml", ".json"))


def validate(*arguments: str) -> Result:
    """`emr-pipelines validate` in the small project."""
    return CliRunner(env={"EMR_PIPELINES_ENV": "local"}).invoke(app, ["validate", *arguments])


def options_in(spec: Path) -> list[str]:
    """The options in a first line `# validate: --env NAME`."""
    found = re.match(rb"# validate: (.*)", spec.read_bytes())
    return found.group(1).decode().split() if found else []


def expected_text(spec: Path, actual: str) -> str:
    """What `validate` must print; with UPDATE_GOLDENS=1 what it prints now becomes that."""
    golden = spec.with_suffix(".txt")
    if UPDATE:
        golden.write_text(actual, encoding="utf-8")
    return golden.read_text(encoding="utf-8")

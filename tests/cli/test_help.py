"""What `emr-pipelines --help` shows."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.command_line import run_tool

from emr_pipelines.cli.main import VERBS


def test_the_help_names_every_verb(tmp_path: Path) -> None:
    shown = run_tool(tmp_path, "--help").stdout
    assert [verb for verb in VERBS if not re.search(rf"^\W*{verb} ", shown, re.MULTILINE)] == []

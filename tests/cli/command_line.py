"""The command as a person runs it: in a folder, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.json_schemas import check_output
from tests.conftest import REPOSITORY


def run_tool(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`emr-pipelines …` in the folder, on a terminal that is wide enough for any table. JSON is held against its schema."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins"), "COLUMNS": "300", **variables}
    command = [sys.executable, "-m", "emr_pipelines", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    check_output(arguments, done.stdout)
    return done

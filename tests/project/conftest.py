"""Ask the installed Airflow, in a process and a home of its own; these fixtures may not change the repository."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

AskAirflow = Callable[..., Any]


@pytest.fixture
def ask_airflow(tmp_path: Path) -> AskAirflow:
    """Run a program that prints its answer as the last line, in JSON, and return the answer."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHONPATH"))}

    def ask(program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
        home = {"AIRFLOW_HOME": str(tmp_path / "airflow_home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "false"}
        answer = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env={**inherited, **home, **(environment or {})},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout.splitlines()[-1])

    return ask

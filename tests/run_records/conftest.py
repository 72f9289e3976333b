"""Runs that were really made, of pipelines in the session's copy of the project."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from emr_pipelines.cli.main import app
from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.run_records.sources import RunSources
from tests.cli.command_line import run_tool
from tests.cli.json_schemas import check_output
from tests.conftest import REPOSITORY
from tests.run_records.pipelines import BLOCKED, LOOKED_AT, write_pipelines

BUCKET = "s3://emr-pipelines-local"
FINE, FAILED = "2001-01-01", "2002-01-01"


@pytest.fixture(scope="session")
def looked_at(project: Path, s3: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the pipelines, of which nothing ran yet."""
    s3.create_bucket(Bucket=BUCKET.removeprefix("s3://"))
    write_pipelines(project, tmp_path_factory.mktemp("marks"))
    return project


@pytest.fixture(scope="session")
def runs(looked_at: Path) -> Path:
    """The project after a run that succeeded and, later, one whose last step failed."""
    fine = run_tool(looked_at, "run", LOOKED_AT, "--inline", "--date", FINE)
    assert fine.returncode == 0, fine.stdout + fine.stderr
    failed = run_tool(looked_at, "run", LOOKED_AT, "--inline", "--date", FAILED, "--param", "mode=fail")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    (looked_at / "told_by_the_failed_run.txt").write_text(failed.stdout)
    return looked_at


@pytest.fixture(scope="session")
def sources(api: EmrApi, s3: Any) -> RunSources:
    return RunSources(api=api, s3=s3, environment="local", region="us-east-1", bucket=BUCKET)


@pytest.fixture
def blocked(runs: Path) -> Callable[..., Any]:
    """A run whose last step goes on until somebody ends it; its status as it is now."""

    @contextmanager
    def start(date: str) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "emr_pipelines", "run", BLOCKED, "--inline", "--date", date]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
        run = subprocess.Popen(
            [*command, "--param", "mode=block"], cwd=runs, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            wait_for(lambda: status(runs, "--date", date, pipeline=BLOCKED).get("why") == "step last")
            yield run
        finally:
            run.send_signal(signal.SIGINT)
            run.communicate(timeout=60)

    return start


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command said, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def look(root: Path, *words: str, **variables: str) -> Told:
    """`emr-pipelines …` in the folder, in this process: one that only looks takes a tenth of a second, and a process of its own ten times that."""
    with chdir(root):
        result = CliRunner().invoke(app, list(words), env={"COLUMNS": "300", **variables})
    check_output(words, result.stdout)
    error = result.exception
    if error is not None and not isinstance(error, (SystemExit, EmrPipelinesError)):
        raise error
    said = f"{error}\n" if isinstance(error, EmrPipelinesError) else ""
    return Told(returncode=result.exit_code, stdout=result.stdout, stderr=result.stderr + said)


def status(root: Path, *options: str, pipeline: str = LOOKED_AT) -> dict[str, Any]:
    """What `status --json` says; empty where it has nothing to say."""
    told = look(root, "status", pipeline, "--json", *options)
    return json.loads(told.stdout) if told.stdout else {}


def wait_for(done: Callable[[], bool], seconds: float = 60.0) -> None:
    """Until it is so. Fails when it takes too long."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.3)

"""The same run in two terminals: the second is told who runs it, before it has started anything."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command_line import run_tool
from tests.conftest import PROJECT_FOLDERS, REPOSITORY

from emr_pipelines.cli.airflow_home.claims import claimed_run
from emr_pipelines.errors import EmrPipelinesError

DAY = dt.date(2005, 1, 1)
HOLD = """
import datetime, sys
from pathlib import Path
from emr_pipelines.cli.airflow_home.claims import claimed_run
with claimed_run(Path(sys.argv[1]), "word_clouds", datetime.date(2005, 1, 1)):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("more", [("--inline",), ("--param", "year=2007")], ids=" ".join)
def test_a_run_that_is_under_way_is_said_with_its_owner(tmp_path: Path, more: tuple[str, ...]) -> None:
    for folder in PROJECT_FOLDERS:
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    with claimed_run(tmp_path, "word_clouds", DAY):
        refused = run_tool(tmp_path, "run", "word_clouds", "--date", str(DAY), *more)
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith(
        f"word_clouds for {DAY} is run already by emr-pipelines run word_clouds (pid {os.getpid()} of "
    )
    assert "Wait for its end, or give another --date" in line
    assert not (tmp_path / ".emr_local").exists()
    assert not (tmp_path / ".airflow" / "logs").exists()


def test_other_runs_go_on_beside_it(tmp_path: Path) -> None:
    with (
        claimed_run(tmp_path, "word_clouds", DAY),
        claimed_run(tmp_path, "word_clouds", dt.date(2006, 1, 1)),
        claimed_run(tmp_path, "top_artists", DAY),
        claimed_run(tmp_path / "clone", "word_clouds", DAY),
    ):
        pass
    with claimed_run(tmp_path, "word_clouds", DAY):
        pass


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(EmrPipelinesError, match=f"pid {holder.pid} of "), claimed_run(tmp_path, "word_clouds", DAY):
            pytest.fail("the block must not run")
        holder.kill()
        holder.wait()
    with claimed_run(tmp_path, "word_clouds", DAY):
        pass

"""What `xdist_group` is for must hold: tests of one group share a worker, so that they do not run beside each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = """
import os, pytest, time
@pytest.mark.parametrize("which", range(6))
@pytest.mark.xdist_group("one")
def test_grouped(which, tmp_path_factory):
    time.sleep(0.05)
    with open({workers!r}, "a") as workers:
        workers.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
@pytest.mark.parametrize("which", range(6))
def test_alone(which):
    time.sleep(0.05)
"""


def test_tests_of_one_group_run_on_one_worker(tmp_path: Path) -> None:
    workers = tmp_path / "workers"
    (tmp_path / "test_suite.py").write_text(SUITE.format(workers=str(workers)))
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout
    assert len(workers.read_text().split()) == 6
    assert len(set(workers.read_text().split())) == 1

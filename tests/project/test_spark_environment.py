"""`make test-spark-versions` runs the tests of the jobs in environments that hold little else than another Spark; they must not come to need more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Collects the tests of the jobs where only the packages of a lock file can be imported.
COLLECT = """
import importlib.metadata, sys
listed = set(sys.argv[1].split(","))
def name_of(distribution):
    return distribution.lower().replace("_", "-").replace(".", "-")
missing = {module for module, distributions in importlib.metadata.packages_distributions().items() if not {name_of(one) for one in distributions} & listed}
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refusing())
import pytest
sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout", "-p", "xdist.plugin", "tests/jobs"]))
"""


@pytest.mark.parametrize("lock", sorted((ROOT / "tests" / "spark_versions").glob("*.txt")), ids=lambda lock: lock.stem)
def test_the_jobs_tests_import_only_what_their_environment_has(lock: Path) -> None:
    # The project itself is found by pytest's `pythonpath`, not installed there.
    listed = ",".join(["emr-pipelines", *re.findall(r"^([a-z0-9.-]+)==", lock.read_text(), re.MULTILINE)])
    collected = subprocess.run(
        [sys.executable, "-c", COLLECT, listed],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert collected.returncode == 0, collected.stdout + collected.stderr

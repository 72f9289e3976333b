"""The packages that travel with a job: what it imports from beside itself, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from emr_pipelines.pipeline_spec.project_files.job_packages import find_packages

FILES = {
    "jobs/sales/__init__.py": "",
    "jobs/sales/report.py": "import json, plots.bars\nfrom sales.prices import f",
    "jobs/sales/prices.py": "def f():\n    from money import euros",
    "jobs/sales/deep/__init__.py": "import deeply",
    "jobs/plots/__init__.py": "",
    "jobs/plots/bars.py": "import numpy",
    "jobs/money/__init__.py": "import sales  # and back again",
    "jobs/deeply/__init__.py": "",
    "jobs/unused/__init__.py": "",
    "jobs/json_tables/not_a_package.py": "",
    "jobs/alone.py": "from plots import bars\nfrom . import unused\nimport json_tables",
    "jobs/broken.py": "from plots import (",
    "top.py": "import jobs",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("script", "packages"),
    [
        ("jobs/sales/report.py", ["jobs/sales", "jobs/deeply", "jobs/money", "jobs/plots"]),
        ("jobs/alone.py", ["jobs/plots"]),
        ("jobs/broken.py", []),
        ("jobs/missing.py", []),
        ("top.py", []),
    ],
)
def test_a_job_takes_the_packages_that_it_imports(project: Path, script: str, packages: list[str]) -> None:
    found = find_packages(project, script)
    assert sorted(found) == sorted(packages)
    assert list(found[:1]) == packages[:1]

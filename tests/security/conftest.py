"""The small project of the security tests: its environments are in `project/`, its pipelines are written by the tests."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.findings import SecurityFinding
from emr_pipelines.plan.security.registry import check_security

HERE = Path(__file__).parent
TODAY = dt.date(2026, 6, 1)
Audit = Callable[[str], tuple[SecurityFinding, ...]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    shutil.copytree(HERE / "project", root)
    (root / "config" / "pipelines").mkdir()
    return root


@pytest.fixture
def plan_of(project: Path) -> Callable[[Path], Plan]:
    """The plan of a file of ours; a first line `# environment: NAME` chooses another environment than `safe`."""

    def build(file: Path) -> Plan:
        spec = project / "config" / "pipelines" / file.name
        spec.write_bytes(file.read_bytes())
        chosen = re.match(r"# environment: (\w+)", spec.read_text())
        return build_plan(load_pipeline(spec, environment=chosen.group(1) if chosen else "safe", project_root=project))

    return build


@pytest.fixture
def audit(plan_of: Callable[[Path], Plan], tmp_path: Path) -> Audit:
    """The findings of a spec that a test writes itself."""

    def check(text: str) -> tuple[SecurityFinding, ...]:
        file = tmp_path / "written.yaml"
        file.write_text(text)
        return check_security(plan_of(file), today=TODAY)

    return check

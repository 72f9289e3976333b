"""The miniature project of the plan's tests: `project/` with the specs of `good/` as its pipelines."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.goldens import PLANS

from emr_pipelines.pipeline_spec.loader import load_pipeline
from emr_pipelines.pipeline_spec.project_files.project import pipeline_file
from emr_pipelines.plan.build import build_plan
from emr_pipelines.plan.model import Plan

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def mini_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("plan") / "project"
    shutil.copytree(HERE / "project", root)
    specs = root / "config" / "pipelines"
    specs.mkdir()
    for spec in PLANS.cases:
        shutil.copy(spec, specs)
    return root


@pytest.fixture(scope="session")
def plan_of(mini_project: Path) -> Callable[[str], Plan]:
    def build(name: str) -> Plan:
        environment = "aws" if name.startswith("aws_") else "local"
        return build_plan(
            load_pipeline(pipeline_file(mini_project, name), environment=environment, project_root=mini_project)
        )

    return build


@pytest.fixture
def plan_text(mini_project: Path) -> Callable[[str], Plan]:
    """The plan of a spec that a test writes itself."""

    def build(text: str) -> Plan:
        file = mini_project / "config" / "pipelines" / "written.yaml"
        file.write_text(f"name: written\n{text}")
        try:
            return build_plan(load_pipeline(file, environment="local", project_root=mini_project))
        finally:
            file.unlink()

    return build

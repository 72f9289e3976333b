"""A small project in a temporary folder, for specs that are made on the fly."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec import loader
from emr_pipelines.pipeline_spec.loader import LoadedSpec, check_pipeline, load_pipeline
from tests.spec.small_project import PROJECT

PARTS = ("cluster: {primary: {instances: [m5.xlarge]}}\n", "steps:\n  - {name: clean, command: [echo, hi]}\n")


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """All these tests happen on one day, or on the one that a test sets: the support of releases ends, and goldens must not end with it."""

    def set_day(day: str) -> None:
        monkeypatch.setattr(loader, "current_date", lambda: dt.date.fromisoformat(day))

    set_day("2026-12-01")
    return set_day


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the small project without its specs."""
    for folder in ("config/environments", "include"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    (tmp_path / "config" / "pipelines").mkdir()
    return tmp_path


@pytest.fixture
def load(project: Path) -> Callable[..., LoadedSpec]:
    """Load a spec from its text; `name: test` is added."""

    def load_text(text: str, environment: str = "local") -> LoadedSpec:
        return load_pipeline(_write(project, text), environment=environment, project_root=project)

    return load_text


@pytest.fixture
def check(project: Path) -> Callable[..., list[Problem]]:
    """The problems of a spec given as text; `name: test` is added."""

    def check_text(text: str, environment: str = "local") -> list[Problem]:
        return list(check_pipeline(_write(project, text), environment=environment, project_root=project))

    return check_text


def _write(project: Path, text: str) -> Path:
    file = project / "config" / "pipelines" / "test.yaml"
    file.write_text(f"name: test\n{text}", encoding="utf-8")
    return file

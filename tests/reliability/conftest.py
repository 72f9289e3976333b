"""Runs with faults: an emr_local per worker, a project that points at it, and the invariants after each test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.fault_control import Faults
from tests.least_privilege import check_accesses
from tests.reliability.runs import Runner


@pytest.fixture(scope="session")
def connection_variable(emr_url: str) -> Iterator[None]:
    """The Airflow connection of the environment `local`, for this process's Airflow."""
    extra = {"region_name": "us-east-1", "endpoint_url": emr_url}
    patch = pytest.MonkeyPatch()
    patch.setenv(
        "AIRFLOW_CONN_EMR_LOCAL",
        json.dumps({"conn_type": "aws", "login": "local", "password": "any-password-will-do", "extra": extra}),
    )
    yield
    patch.undo()


@pytest.fixture(scope="session")
def environment_bucket(s3: Any) -> str:
    """The bucket of the environment `local`."""
    s3.create_bucket(Bucket="emr-pipelines-local")
    return "emr-pipelines-local"


@pytest.fixture
def pipelines_of_its_own(project: Path) -> Iterator[None]:
    """Airflow sees only the pipelines that a test builds, and no later test sees them: `dag.test()` parses the whole folder before each run."""
    pipelines, dags = project / "config" / "pipelines", project / "dags"
    before = [*dags.glob("*.py"), *pipelines.glob("*.yaml")]
    ignored = dags / ".airflowignore"
    ignored.write_text("".join(f"{path.name}\n" for path in before))
    yield
    ignored.unlink()
    for path in {*dags.glob("*.py"), *pipelines.glob("*.yaml")}.difference(before):
        path.unlink()


@pytest.fixture
def runner(
    project: Path,
    api: EmrApi,
    faults: Faults,
    pipelines_of_its_own: None,
    airflow_database: None,
    connection_variable: None,
    environment_bucket: str,
) -> Iterator[Runner]:
    """Runs pipelines; after the test the invariants are checked for every run that it made."""
    made = Runner(project, api, faults)
    yield made
    faults.clear()
    check_accesses(faults.url, project, made.pipelines)
    for outcome in made.outcomes:
        made.check_invariants(outcome)

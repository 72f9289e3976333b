"""A project with one yearly pipeline, and a fake Airflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.backfill.fake_airflow import DAG, FakeAirflow
from tests.cli.command_line import run_tool
from tests.conftest import REPOSITORY

SPEC = f"""name: {DAG}
schedule: "@yearly"
start_date: 2001-01-01
end_date: 2008-12-31
max_active_runs: 3
params: {{country: {{type: string, default: de}}}}
cluster: {{primary: {{instances: [m5.xlarge]}}}}
steps:
  - name: count
    command: [bash, -c, "echo ${{run.year}}", "${{steps.count.output}}"]
    output: text
    publish: "${{env.bucket}}/counts/year=${{run.year}}"
"""
Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The project's folder."""
    (tmp_path / "dags").mkdir()
    for folder in ("pipelines", "environments"):
        (tmp_path / "config" / folder).mkdir(parents=True)
    (tmp_path / "config" / "pipelines" / f"{DAG}.yaml").write_text(SPEC)
    environment = (REPOSITORY / "config" / "environments" / "local.yaml").read_text().partition("# Made by")[0]
    (tmp_path / "config" / "environments" / "local.yaml").write_text(environment)
    return tmp_path


@pytest.fixture
def airflow() -> Iterator[FakeAirflow]:
    """An Airflow that answers."""
    with FakeAirflow() as fake:
        yield fake


@pytest.fixture
def backfill(root: Path, airflow: FakeAirflow) -> Run:
    """`emr-pipelines backfill yearly …` at that Airflow; other variables by name."""

    def run(*arguments: str, **variables: str) -> CompletedProcess[str]:
        return run_tool(root, "backfill", DAG, *arguments, **{"EMR_PIPELINES_AIRFLOW_URL": airflow.url, **variables})

    return run

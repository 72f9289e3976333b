"""The project's own pipelines under the policy that `infra iam` prints for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT_FOLDERS, REPOSITORY, start_emr_local
from tests.emr_local.control import Control
from tests.iam.guarded_project import policy_of, write_policy
from tests.integration.conftest import run_tool

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("iam")]

DATES = {
    "word_clouds": "2005-01-01",
    "city_tables": "2018-11-01",
    "listening_insights": "2018-11-01",
    "top_artists": "2018-11-01",
}


@pytest.fixture(scope="module")
def guarded_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A copy of the project and the URL of an emr_local that allows only what the project's policy allows."""
    root = tmp_path_factory.mktemp("samples") / "project"
    for folder in PROJECT_FOLDERS:
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    policy = write_policy(root / "policy.json", policy_of(root, "local"))
    server, url = start_emr_local(root / ".emr_local", "--iam-policy", str(policy))
    environment = root / "config" / "environments" / "local.yaml"
    environment.write_text(environment.read_text().replace("http://127.0.0.1:5566", url))
    yield root, url
    server.terminate()
    server.wait(20)


# Of the others `make test-proofs` judges whole runs by their record.
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name == "word_clouds" else pytest.mark.enforced) for name in DATES],
)
def test_a_sample_pipeline_runs_under_the_projects_policy(guarded_project: tuple[Path, str], name: str) -> None:
    root, url = guarded_project

    finished = run_tool(root, os.environ, "run", name, "--date", DATES[name])

    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
    decisions = Control(url).get("authorizations")["authorizations"]
    assert {"RunJobFlow", "AddJobFlowSteps", "TerminateJobFlows"} <= {
        one["action"].partition(":")[2] for one in decisions
    }
    assert [one for one in decisions if not one["allowed"]] == []

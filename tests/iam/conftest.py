"""A project under its own policy: a real emr_local that judges every call, real Airflow, and what was judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow import settings
from airflow.sdk import DAG

from emr_local.iam.policies import Access
from emr_local.resources.identifiers import ADMINISTRATOR_KEY
from emr_pipelines.dag.factory import build_airflow_dag
from emr_pipelines.emr.emr_api import READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG, EmrApi
from tests.aws_clients import client, client_asking_once
from tests.conftest import start_emr_local
from tests.emr_local.control import Control
from tests.fault_control import Faults
from tests.iam.guarded_project import INPUTS, LOGS, PUBLISHED, write_policy
from tests.least_privilege import access_of
from tests.reliability.runs import Outcome, Runner


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A project, the URL of its judging emr_local, and a runner of its pipelines."""

    root: Path
    url: str
    runner: Runner

    @property
    def faults(self) -> Faults:
        """Faults of this emr_local."""
        return self.runner.faults

    @property
    def api(self) -> EmrApi:
        """EMR with the rights of the policy."""
        return self.runner.api

    def admin(self, service: str) -> Any:
        """A client that may do everything."""
        return client_asking_once(self.url, service, key_id=ADMINISTRATOR_KEY)

    def dag(self, name: str) -> DAG:
        """A pipeline's DAG, retrying without a pause."""
        file = self.root / "dags" / f"{name}.py"
        dag = build_airflow_dag(str(file))
        dag.fileloc = str(file)
        for task in dag.tasks:
            task.retry_delay = timedelta(seconds=0.2)
            task.retry_exponential_backoff = 0
        return dag

    def run(self, name: str, **conf: Any) -> Outcome:
        """One run of a pipeline, to its end."""
        return self.runner.run(self.dag(name), conf=conf)

    def judged(self) -> list[Access]:
        """Everything that was asked for so far; fails when a part of it was denied."""
        decisions = Control(self.url).get("authorizations")["authorizations"]
        assert [one for one in decisions if not one["allowed"]] == []
        return [access_of(one) for one in decisions]


@pytest.fixture(scope="module")
def guard(airflow_database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Guarded]]:
    """Starts an emr_local that judges by a policy, for a project with the environment `guarded`."""
    servers = []
    patch = pytest.MonkeyPatch()

    def start(root: Path, policy: dict[str, Any]) -> Guarded:
        folder = tmp_path_factory.mktemp("guarded")
        file = write_policy(folder / "policy.json", policy)
        server, url = start_emr_local(
            folder / "state", "--iam-policy", str(file), "--time-scale", "0.1", "--spark-submit", "plain"
        )
        servers.append(server)
        extra = {"region_name": "us-east-1", "endpoint_url": url}
        # Airflow reads the folder once, when it is imported, and `dag.test()` looks for the DAG there.
        patch.setattr(settings, "DAGS_FOLDER", str(root / "dags"))
        patch.setenv("EMR_PIPELINES_ENV", "guarded")
        patch.setenv(
            "AIRFLOW_CONN_IAM_GUARDED",
            json.dumps({"conn_type": "aws", "login": "local", "password": "any", "extra": extra}),
        )
        clients = [client(url, "emr", **settings) for settings in (READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG)]
        guarded = Guarded(
            root=root, url=url, runner=Runner(root, EmrApi(read=clients[0], write=clients[1]), Faults(url))
        )
        for bucket in (INPUTS, LOGS, PUBLISHED):
            guarded.admin("s3").create_bucket(Bucket=bucket)
        return guarded

    yield start
    patch.undo()
    for server in servers:
        server.terminate()
        server.wait(20)

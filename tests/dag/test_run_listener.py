"""What is looked at when Airflow calls a run a success; with Airflow's own tables. Runs with tasks are in tests/verdicts, under the real scheduler."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.models.dagrun import DagRun
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from emr_pipelines.dag.scheduling.run_listener import on_dag_run_success

OURS, FOREIGN = ("publish_code", "create_cluster", "verdict"), ("extract", "load")
BY_SCHEDULER, BY_HAND = "success", "Dag Run's state was manually set to `success`."


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    import_all_models()
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.no_autoflush:
        yield session


@pytest.mark.parametrize(
    ("task_ids", "message", "state"),
    [(OURS, BY_SCHEDULER, "failed"), (OURS, BY_HAND, "success"), (FOREIGN, BY_SCHEDULER, "success")],
    ids=["ours", "marked by a person", "another DAG's"],
)
def test_a_run_without_any_task_is_no_success(
    session: Session, task_ids: tuple[str, ...], message: str, state: str
) -> None:
    now = dt.datetime.now(dt.UTC)
    run = DagRun(dag_id="d", run_id="r", run_type="manual", state="success", logical_date=now, start_date=now)
    session.add(run)
    run.dag = SimpleNamespace(task_ids=task_ids, partial=False)
    on_dag_run_success(dag_run=run, msg=message)
    assert run.state == state

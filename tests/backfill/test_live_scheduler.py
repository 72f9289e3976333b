"""A run beside a scheduler of this project: the scheduler leaves it alone, or nothing is started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emr_pipelines.cli.airflow_home.claims import claimed_airflow
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.run.live_scheduler import kept_from_scheduler
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.loader import load_environment
from tests.backfill.fake_airflow import DAG, FakeAirflow

CONSOLE = plain_console()


@pytest.fixture
def project(root: Path) -> Project:
    environment = load_environment(root / "config" / "environments" / "local.yaml")
    return Project(root=root, environment=environment)


@pytest.fixture
def running(project: Project, airflow: FakeAirflow) -> Iterator[FakeAirflow]:
    """The Airflow of the project, which runs."""
    with claimed_airflow(project.root, "emr-pipelines ui", airflow.url):
        yield airflow


def test_its_dag_is_paused_until_the_run_is_over(
    project: Project, running: FakeAirflow, capsys: pytest.CaptureFixture[str]
) -> None:
    states = [running.paused]
    with kept_from_scheduler(project, DAG, plain_console(width=300)):
        states.append(running.paused)
    assert [*states, running.paused] == [False, True, False]
    assert f"yearly is paused in the Airflow at {running.url} until this run is over" in capsys.readouterr().out


def test_a_run_that_is_interrupted_leaves_no_paused_dag(project: Project, running: FakeAirflow) -> None:
    def interrupt() -> None:
        with kept_from_scheduler(project, DAG, CONSOLE):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert running.made() == ["PATCH /api/v2/dags/yearly"] * 2
    assert not running.paused


def test_runs_that_go_on_there_are_not_stopped_by_a_pause(project: Project, running: FakeAirflow) -> None:
    running.add_run(2001, "running")
    with (
        pytest.raises(EmrPipelinesError, match=r"nothing was started\. Wait for their end, make this run there"),
        kept_from_scheduler(project, DAG, CONSOLE),
    ):
        pytest.fail("the run was begun")
    assert running.made() == []


def test_a_dag_that_is_paused_stays_so(project: Project, running: FakeAirflow) -> None:
    running.paused = True
    with kept_from_scheduler(project, DAG, CONSOLE):
        pass
    assert (running.paused, running.made()) == (True, [])


def test_a_dag_that_it_does_not_know_is_run(project: Project, running: FakeAirflow) -> None:
    running.dags = set()
    with kept_from_scheduler(project, DAG, CONSOLE):
        pass
    assert running.made() == []


def test_where_no_airflow_runs_none_is_asked(project: Project, airflow: FakeAirflow) -> None:
    with kept_from_scheduler(project, DAG, CONSOLE):
        pass
    assert airflow.calls == []

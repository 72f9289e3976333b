"""One Airflow for all tests that kill: its start takes most of a minute. Each test gets it whole, and leaves it whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fault_control import Faults
from tests.kills.airflow_processes import AirflowProcesses
from tests.kills.stage import Stage
from tests.kills.traced_steps import TracedSteps
from tests.reliability.midway import Jobs


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowProcesses]:
    with AirflowProcesses(tmp_path_factory.mktemp("kills")) as processes:
        yield processes


@pytest.fixture
def stage(airflow: AirflowProcesses) -> Iterator[Stage]:
    made = Stage(airflow, Faults(airflow.emr_url))
    made.restore()
    yield made
    made.restore()
    made.check()


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    """Steps that write an output, some of them only when the test says so."""
    return Jobs(tmp_path)


@pytest.fixture
def traced(tmp_path: Path) -> TracedSteps:
    """Steps that tell by files how often they ran."""
    return TracedSteps(tmp_path)

"""One Airflow for all cells of the matrix: its start takes most of a minute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kills.airflow_processes import AirflowProcesses
from tests.verdicts.pipelines import THIS_YEAR, YEAR


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowProcesses]:
    with AirflowProcesses(tmp_path_factory.mktemp("verdicts")) as processes:
        s3 = processes.client("s3")
        for year in (YEAR, YEAR + 1, THIS_YEAR):
            s3.put_object(Bucket="emr-pipelines-local", Key=f"in/year={year}/data.csv", Body=b"x")
        yield processes


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the steps' program lies, and what it leaves."""
    return tmp_path_factory.mktemp("programs")

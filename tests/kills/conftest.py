"""One Airflow for all tests of a module: its start takes most of a minute. Tests that leave a component dead start it again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kills.airflow_processes import AirflowProcesses


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowProcesses]:
    with AirflowProcesses(tmp_path_factory.mktemp("kills")) as processes:
        yield processes

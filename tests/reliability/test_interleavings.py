"""Whatever kills, retries, clears, faults and losses befall a run, in whatever order: one cluster, one submission of a step, one writer of an output, nothing left."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk import DAG

from tests.reliability.simulation import Simulation, build_dag


@pytest.fixture(scope="session")
def dag(tmp_path_factory: pytest.TempPathFactory) -> DAG:
    return build_dag(tmp_path_factory.mktemp("interleavings"))


@pytest.fixture
def simulation(dag: DAG):
    made = Simulation(dag)
    yield made
    made.close()


def test_an_undisturbed_run_succeeds(simulation: Simulation) -> None:
    simulation.finish()
    assert set(simulation.states().values()) == {"success"}
    assert len(simulation.emr.store.list_flows()) == 1
    assert len(simulation.emr.steps()) == 3

"""`airflow dags test` of the first pipeline: real Airflow, real Spark, one year."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from emr_pipelines.emr.emr_api import EmrApi
from tests.conftest import live_clusters
from tests.integration.word_clouds import gallery_years

pytestmark = pytest.mark.xdist_group("airflow")


@pytest.mark.slow
@pytest.mark.fresh
def test_one_year_from_spec_to_pictures(
    airflow: Callable[..., subprocess.CompletedProcess[str]],
    api: EmrApi,
    emr_state_dir: Path,
) -> None:
    finished = airflow("dags", "test", "word_clouds", "2005-01-01")
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-4000:]
    assert gallery_years(emr_state_dir) == {2005}
    assert live_clusters(api, "word_clouds") == []

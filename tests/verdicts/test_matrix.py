"""Green only when it is true: every way to start a run, with everything that may happen to it, under the real scheduler."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.kills.airflow_processes import AirflowProcesses
from tests.verdicts.matrix import Outcome, cells
from tests.verdicts.pipelines import YEAR
from tests.verdicts.started_run import start_run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verdicts"), pytest.mark.timeout(600)]
# One of each kind, which `make test-proofs` runs as well: what people met first, and what only the listener sees.
_PROVEN_EACH_TIME = {
    ("scheduled", "well"),
    ("catchup", "marked_failed"),
    ("form", "outside"),
    ("form", "outside_year"),
    ("rest", "cleared_alone"),
}
# What a person reads when the answer is no.
_SENTENCES = {
    "step_fails": ("verdict", "first failed"),
    "marked_failed": ("verdict", "This run is not complete"),
    "marked_success": ("verdict", "This run is not complete"),
    "task_marked_success": ("verdict", "first did not run; somebody marked it as success"),
    "outside": ("publish_code", f"the year must be at least {YEAR} and at most"),
    "no_input": ("publish_code", "no object exists at"),
}


def _cell(way: str, event: str, expected: Outcome) -> Any:
    marks = () if (way, event) in _PROVEN_EACH_TIME else (pytest.mark.verdict,)
    return pytest.param(way, event, expected, id=f"{way}-{event}", marks=marks)


@pytest.mark.parametrize(("way", "event", "expected"), [_cell(*cell) for cell in cells()])
def test_a_run_is_green_only_when_it_did_everything(
    airflow: AirflowProcesses, programs: Path, way: str, event: str, expected: Outcome
) -> None:
    began = dt.datetime.now(dt.UTC)
    run = start_run(airflow, programs, way, event)
    run.undergo(event)
    if event == "cleared_alone" and not run.ran_again("create_cluster"):
        # Airflow 3.2 clears no setup with a task: the step finds the cluster ended, says so, and starts none.
        expected = replace(expected, clusters=1)
    assert run.outcome() == expected
    if run.run_id is None:
        return
    assert run.started() >= began, "the UI shows how long the run took, not the age of its data"
    # A test in one process has no log of its own per task.
    if event in _SENTENCES and way != "dags_test":
        task, sentence = _SENTENCES[event]
        assert sentence in run.log(task)

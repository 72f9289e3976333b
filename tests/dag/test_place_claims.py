"""What a task claims when it publishes: who made the run and for when decides what it may replace."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from emr_pipelines.dag.place_claims import claim_in

CLAIMED = {
    "place": "s3://b/x",
    "bucket": "s3://b",
    "logs": None,
    "take_over": "nothing",
    "pipeline": "p",
    "step": "one",
    "moment": "",
    "values": {"run.year": "2005"},
}
NINE = dt.datetime(2005, 1, 1, 9, tzinfo=dt.UTC)


def context(**run: Any) -> Any:
    made = {"run_id": "r", "conf": None, "run_type": "manual", "logical_date": NINE, "run_after": NINE}
    return {"dag_run": SimpleNamespace(**{**made, **run})}


@pytest.mark.parametrize(
    ("run_type", "scheduled"),
    [("scheduled", True), ("backfill", True), ("manual", False), ("asset_triggered", False)],
)
def test_only_what_the_schedule_made_is_of_the_schedule(run_type: str, scheduled: bool) -> None:
    owner = claim_in(context(run_type=run_type), CLAIMED).owner
    assert (owner.scheduled, owner.moment, owner.values) == (scheduled, NINE.isoformat(), {"run.year": "2005"})


def test_a_run_without_a_date_has_the_moment_of_its_own() -> None:
    later = NINE + dt.timedelta(hours=1)
    assert claim_in(context(logical_date=None, run_after=later), CLAIMED).owner.moment == later.isoformat()


def test_a_run_of_single_steps_has_the_date_that_it_is_about() -> None:
    midnight = "2004-01-01T00:00:00+00:00"
    assert claim_in(context(), {**CLAIMED, "moment": midnight}).owner.moment == midnight


@pytest.mark.parametrize(
    ("conf", "take_over"),
    [
        (None, "nothing"),
        ({"year": 2005}, "nothing"),
        ({"take_over": False}, "nothing"),
        ({"take_over": True}, "anyone"),
    ],
)
def test_the_configuration_of_a_run_can_take_over(conf: Any, take_over: str) -> None:
    assert claim_in(context(conf=conf), CLAIMED).take_over == take_over


def test_the_specs_own_word_stays() -> None:
    assert claim_in(context(), {**CLAIMED, "take_over": "other_runs"}).take_over == "other_runs"


@pytest.mark.parametrize("value", ["true", "anyone", 1, None])
def test_what_is_neither_true_nor_false_is_refused(value: Any) -> None:
    with pytest.raises(AirflowFailException, match="write true, or leave it out"):
        claim_in(context(conf={"take_over": value}), CLAIMED)

"""Keys and names: stable over releases (running clusters are found by them), different for different runs, safe in paths."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_pipelines.plan.keys import (
    cluster_name,
    key_of_step_name,
    path_safe_run_id,
    run_key,
    run_year,
    step_key,
    step_label,
)

RUN = "scheduled__2005-01-01T00:00:00+00:00"


def test_keys_never_change() -> None:
    # A key that changes between releases orphans the clusters and steps of running runs.
    assert run_key("word_clouds", RUN) == "5b09e5aa3c57"
    assert step_key("word_clouds", RUN, "count_words", "1") == "aee6da7ef3e1"
    assert path_safe_run_id(RUN) == "scheduled__2005-01-01T00-00-00-00-00-229392"
    assert cluster_name("word_clouds", "5b09e5aa3c57", "main") == "emr-pipelines/word_clouds/5b09e5aa3c57/main"


def test_keys_do_not_confuse_where_one_part_ends() -> None:
    assert run_key("a", "bc") != run_key("ab", "c")
    assert step_key("d", "r", "step", "1") != step_key("d", "r", "step1", "")


def test_another_attempt_has_another_step_key() -> None:
    assert step_key("d", "r", "s", "1") != step_key("d", "r", "s", "2")


@pytest.mark.parametrize("run_id", ["manual", "a-b_c.d=e", "2005", ".x"])
def test_a_safe_run_id_stays_as_it_is(run_id: str) -> None:
    assert path_safe_run_id(run_id) == run_id


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=300), min_size=2, max_size=20, unique=True))
def test_different_run_ids_have_different_safe_forms(run_ids: list[str]) -> None:
    assert len({path_safe_run_id(run_id) for run_id in run_ids}) == len(run_ids)


@pytest.mark.parametrize(
    "run_ids", [("a:b", "a/b", "a-b"), ("x" * 250, "x" * 249), (".", "..", "-"), ("é", "è"), ("a", "a ")]
)
def test_run_ids_that_look_alike_stay_apart(run_ids: tuple[str, ...]) -> None:
    assert len({path_safe_run_id(run_id) for run_id in run_ids}) == len(run_ids)


@given(st.text(min_size=1, max_size=250))
def test_a_safe_run_id_is_one_path_segment_and_fits_a_tag(run_id: str) -> None:
    safe = path_safe_run_id(run_id)
    assert re.fullmatch(r"[A-Za-z0-9._=-]{1,256}", safe)
    assert safe not in (".", "..")


@pytest.mark.parametrize("run_id", [".", "..", "..."])
def test_a_run_id_of_dots_does_not_move_the_path(run_id: str) -> None:
    assert "." not in path_safe_run_id(run_id)


def test_a_step_name_gives_its_key_back() -> None:
    assert key_of_step_name(step_label("count_words", "0123456789ab")) == "0123456789ab"


@pytest.mark.parametrize(
    "label", ["count_words", "count_words [k:0123]", "count [k:0123456789ab] words", "[k:0123456789AB]"]
)
def test_a_foreign_step_name_has_no_key(label: str) -> None:
    assert key_of_step_name(label) is None


def test_the_year_is_the_parameter_then_the_logical_date_then_the_day_of_the_run() -> None:
    day, later = dt.datetime(2005, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
    assert run_year({"year": 1999}, day, later) == 1999
    assert run_year({"year": None}, day, later) == 2005
    assert run_year({}, None, later) == 2026

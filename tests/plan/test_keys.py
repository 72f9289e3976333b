"""Keys and names: stable over releases (running clusters are found by them), different for different runs, safe in paths."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_pipelines.plan.keys import (
    StepKey,
    cluster_name,
    label_order,
    parse_step_name,
    path_safe_run_id,
    run_key,
    run_year,
    step_family,
    step_key,
    step_label,
)

RUN = "scheduled__2005-01-01T00:00:00+00:00"


def test_keys_never_change() -> None:
    # A key that changes between releases orphans the clusters and steps of running runs.
    assert run_key("word_clouds", RUN) == "5b09e5aa3c57"
    assert step_key("word_clouds", RUN, "count_words", "1") == "14a49baa920a.1"
    assert path_safe_run_id(RUN) == "scheduled__2005-01-01T00-00-00-00-00-229392"
    assert cluster_name("word_clouds", "5b09e5aa3c57", "main") == "emr-pipelines/word_clouds/5b09e5aa3c57/main"


def test_keys_do_not_confuse_where_one_part_ends() -> None:
    assert run_key("a", "bc") != run_key("ab", "c")
    assert step_family("d", "r", "step1") != step_family("d", "r1", "step")


def test_all_attempts_of_a_step_are_one_family() -> None:
    assert step_key("d", "r", "s", "1") == f"{step_family('d', 'r', 's')}.1"
    assert step_key("d", "r", "s", "1-2-1") == f"{step_family('d', 'r', 's')}.1-2-1"
    assert step_family("d", "r", "s") != step_family("d", "r", "t")
    assert step_family("d", "r", "s") != step_family("d", "r2", "s")


@given(st.lists(st.integers(0, 300), min_size=1, max_size=5), st.lists(st.integers(0, 300), min_size=1, max_size=5))
def test_a_later_attempt_is_greater_whatever_its_digits(one: list[int], other: list[int]) -> None:
    labels = ["-".join(map(str, numbers)) for numbers in (one, other)]
    assert (label_order(labels[0]) < label_order(labels[1])) == (one < other)


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


@given(st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True), st.lists(st.integers(0), min_size=1, max_size=5))
def test_a_step_name_gives_its_key_back(step: str, numbers: list[int]) -> None:
    label = "-".join(map(str, numbers))
    name = step_label(step, step_key("dag", RUN, step, label))
    assert parse_step_name(name) == StepKey(step_family("dag", RUN, step), label)


def test_the_longest_step_name_fits_emr() -> None:
    assert len(step_label("s" * 63, step_key("dag", RUN, "s" * 63, "-".join(["999"] * 40)))) <= 256


@pytest.mark.parametrize(
    "name",
    [
        "count_words",
        "count_words [k:0123456789ab]",
        "count_words [k:0123.1]",
        "count [k:0123456789ab.1] words",
        "[k:0123456789AB.1]",
        "[k:0123456789ab.1-]",
        "[k:0123456789ab.a]",
        "[k:0123456789ab.\u0661]",
        "[k:0123456789ab.1]\n",
    ],
)
def test_a_foreign_step_name_has_no_key(name: str) -> None:
    assert parse_step_name(name) is None


def test_the_year_is_the_parameter_then_the_logical_date_then_the_day_of_the_run() -> None:
    day, later = dt.datetime(2005, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
    assert run_year({"year": 1999}, day, later) == 1999
    assert run_year({"year": None}, day, later) == 2005
    assert run_year({}, None, later) == 2026

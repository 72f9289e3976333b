"""Check the bundled book titles; the tests read the file and never change it."""

import csv
from collections import Counter
from pathlib import Path

import pytest

TITLES = Path(__file__).resolve().parents[2] / "include" / "data" / "book_titles.csv"
YEARS = range(1995, 2016)
MIN_ROWS = 840
MIN_ROWS_PER_YEAR = 38


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with TITLES.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def test_columns_are_the_documented_ones(rows: list[dict[str, str]]) -> None:
    # DictReader files surplus cells under None and fills missing ones with None.
    assert all(list(row) == ["product_title", "author", "year"] for row in rows)
    assert all(value is not None for row in rows for value in row.values())


def test_every_year_has_enough_titles(rows: list[dict[str, str]]) -> None:
    per_year = Counter(int(row["year"]) for row in rows)
    assert len(rows) >= MIN_ROWS
    assert set(per_year) == set(YEARS)
    assert {year: count for year, count in per_year.items() if count < MIN_ROWS_PER_YEAR} == {}


def test_no_title_repeats_within_a_year(rows: list[dict[str, str]]) -> None:
    seen = Counter((row["product_title"], row["year"]) for row in rows)
    assert [entry for entry, count in seen.items() if count > 1] == []


def test_no_value_is_blank_or_padded(rows: list[dict[str, str]]) -> None:
    assert [row for row in rows if any(not value or value != value.strip() for value in row.values())] == []


def test_rows_are_sorted_by_year_then_title(rows: list[dict[str, str]]) -> None:
    keys = [(int(row["year"]), row["product_title"]) for row in rows]
    assert keys == sorted(keys)


def test_line_ends_are_newlines_only() -> None:
    content = TITLES.read_bytes()
    assert content.endswith(b"\n")
    assert b"\r" not in content

"""Quotation marks that open and are not closed: where they are found, and that a job never takes the rows after them for one."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from batch_job.open_quotes import find_open_quote
from book_titles.preprocess_titles import main

HEADER = "product_title,body,year\n"


def find(text: str) -> int:
    lines: Iterator[str] = iter(text.splitlines(keepends=True))
    return find_open_quote(lines, separator=",", is_key=(True, False, True))


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ('Dune,fine,1999\n"Emma,fine,2000\n' + "Lost,fine,2001\n" * 12, 3),
        ('"Dune\nagain","a\nb\nc","2000\n' + "Lost,fine,2001\n" * 12, 5),
        ('Dune,"open,1999\n' + "Lost,fine,2001\n" * 201 + 'Emma,"fine",2000\n', 2),
        ('Dune,"open,1999\n' + "Lost,fine,2001\n" * 12, 2),
        ('Dune,fine,1999\n"Emma,fine,2000\nLost,fine,2001\n', 3),
        ('"Dune\nagain","open,1999\n' + "Lost,fine,2001\n" * 12, 3),
        ('Dune,fine,1999\n"' + "Lost,fine,2001\n" * 10_000, 3),
    ],
    ids=[
        "title",
        "year after other lines",
        "long text",
        "long text to the end",
        "near the end",
        "after a title of two lines",
        "more than Python reads",
    ],
)
def test_the_line_is_named_in_which_the_quotation_mark_opens(rows: str, line: int) -> None:
    assert find(HEADER + rows) == line


def test_fields_of_some_lines_are_no_open_quotes() -> None:
    body = "\n".join(f"line {number}, and so on" for number in range(150))
    assert find(f'{HEADER}"The Quiet\nHarbour","{body}",2012\n"Salt\nRoads",fine\n') == 0


@pytest.mark.xdist_group("spark")
def test_a_text_of_many_lines_is_read_and_one_with_an_open_quote_is_skipped_on_demand(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = tmp_path / "reviews 100%20 [new]"
    reviews.mkdir()
    body = "\n".join(f"line {number}, and so on" for number in range(150))
    (reviews / "a.csv").write_text(f'{HEADER}"The Quiet\nHarbour","{body}",2012\n', encoding="utf-8")
    bad = HEADER + 'Dune,fine,1999\n"Emma,fine,2000\n' + "Lost,fine,2001\n" * 12
    (reviews / "b 1.csv.gz").write_bytes(gzip.compress(bad.encode()))
    argv = ["--input", f"reviews={reviews}".replace("[new]", "*"), "--output"]
    assert main([*argv, str(tmp_path / "failed")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"preprocess_titles failed: file:{reviews}/b 1.csv.gz has a quotation mark in line 3 that opens a field and is not closed: "
        "the rows after it become part of the field. Remove the mark, or close the field. Or pass --on-bad-file skip"
    )
    assert main([*argv, str(tmp_path / "words"), "--on-bad-file", "skip"]) == 0
    counters = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (counters["rows_read"], counters["skipped_files"]) == (1, [f"file:{reviews}/b 1.csv.gz"])

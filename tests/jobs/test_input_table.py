"""How a job of one's own reads its input by the columns that it names, and what it says of what it cannot read."""

import argparse
import datetime as dt
import logging
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from batch_job.arguments import JobArguments, create_parser, parse_arguments
from batch_job.input_table import InputTable, read_table
from batch_job.reading_options import add_reading_options
from batch_job.run import JobError
from batch_job.typed_values import TableColumn, day, number, text, year

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("interpreted")]

COLUMNS = (text("city", "City"), number("amount", "Amount"), year("year", "Day"), day("day", "Day"))


def arguments_of(uri: Path, *options: str) -> JobArguments:
    parser: argparse.ArgumentParser = create_parser("job", "A job.")
    add_reading_options(parser)
    return parse_arguments(parser, ["--input", f"rows={uri}", "--output", "none", *options], required=["rows"])


def read(spark: SparkSession, uri: Path, *options: str, columns: tuple[TableColumn, ...] = COLUMNS) -> InputTable:
    return read_table(spark, arguments_of(uri, *options), "rows", columns)


def test_files_of_one_folder_may_be_written_in_different_ways(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("City,Amount,Day\nOslo,1.5,2012-05-01\n")
    (tmp_path / "b.csv").write_bytes("day;more;amount;city\n2013-01-02;x;2;Lima\n".encode("utf-16"))
    (tmp_path / "c.jsonl").write_text('{"City": "Pune", "Amount": "3", "Day": "2014-03-04", "other": {"a": 1}}\n')
    (tmp_path / "README.md").write_text("not data")
    rows = read(spark, tmp_path).rows.orderBy("city").collect()
    assert [tuple(row) for row in rows] == [
        ("Lima", 2.0, 2013, dt.date(2013, 1, 2)),
        ("Oslo", 1.5, 2012, dt.date(2012, 5, 1)),
        ("Pune", 3.0, 2014, dt.date(2014, 3, 4)),
    ]


def test_a_value_of_another_type_is_null_counted_and_warned_of(
    spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.csv").write_text("City,Amount,Day\nOslo,many,soon\nOslo,,2012-05-01\n,7,05/01/2012\n")
    table = read(spark, tmp_path)
    assert table.counters == {"rows_read": 3, "rows_left_out": 0, "unread_values": 4}
    # 05/01/2012 is of one year and of two days.
    assert sorted(tuple(row) for row in table.rows.select("amount", "year").na.fill(0).collect()) == [
        (0.0, 0),
        (0.0, 2012),
        (7.0, 2012),
    ]
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [warning.partition(" (")[0] for warning in warnings] == [
        "amount: 1 value is no number and left empty",
        "year: 1 value is no year and left empty",
        "day: 2 values are no day and left empty",
    ]


def test_a_date_of_two_meanings_is_read_by_its_pattern(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("City,Amount,Day\nOslo,1,05/01/2012\n")
    assert read(spark, tmp_path, "--date-format", "d/M/yyyy").rows.collect()[0]["day"] == dt.date(2012, 1, 5)


def test_rows_with_too_many_fields_are_left_out_and_too_many_of_those_fail(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("City,Amount,Day\nOslo,1,2012\nLima,2,2013\nPune,1,2,2014\n")
    table = read(spark, tmp_path)
    assert (table.rows.count(), table.counters["rows_left_out"]) == (2, 1)
    with pytest.raises(
        JobError, match=r"1 of 3 rows in .* cannot be used \(33.3%\): 1 with more fields than the header"
    ):
        read(spark, tmp_path, "--max-dropped", "10%")


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("a.csv", b"City,Sum\nOslo,1\n", r"has no column 'Amount'; columns found: city, sum"),
        ("a.csv", b"", "holds empty files only"),
        ("a.csv", "City,Amount,Day\nKöln,1,2012\n".encode("latin-1"), "is not UTF-8: byte 0xf6 in line 2"),
        ("a.csv", b'City,Amount,Day\n"Oslo,1,2012\n' + b"Lima,1,2012\n" * 300, "a quotation mark in line 2 that opens a field"),
        ("a.csv", b"PK\x03\x04", "is a ZIP archive"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_sentence(
    file: str, content: bytes, said: str, spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(JobError, match=said):
        read(spark, tmp_path)

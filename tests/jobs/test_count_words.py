"""The job that counts words, run from its command line."""

import json
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from book_titles.count_words import count_words, main

pytestmark = pytest.mark.xdist_group("spark")

WORDS_SCHEMA = "year int, product_title string, word string"
COUNTS_SCHEMA = "year int, word string, count bigint"


def make_words(spark: SparkSession, words: str) -> DataFrame:
    rows = [(int(pair[:4]), "A title", pair[5:]) for pair in words.split(", ") if pair]
    return spark.createDataFrame(rows, WORDS_SCHEMA)


def write_words(spark: SparkSession, folder: Path, words: str) -> Path:
    make_words(spark, words).write.parquet(str(folder))
    return folder


def count(words: Path, output: Path, *options: str) -> int:
    return main(["--input", f"words={words}", "--output", str(output), *options])


@pytest.mark.parametrize(("min_count", "kept"), [(1, 3), (2, 2), (3, 1), (4, 0)])
def test_words_are_counted_per_year(min_count: int, kept: int, spark: SparkSession) -> None:
    words = make_words(spark, "1999 war, 2000 war, 1999 war, 1999 love, 1999 war, 2000 war")
    expected = [(1999, "war", 3), (2000, "war", 2), (1999, "love", 1)][:kept]
    assertDataFrameEqual(count_words(words, min_count), spark.createDataFrame(expected, COUNTS_SCHEMA))


def test_counts_are_sorted_by_year_and_frequency_in_one_file(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = "2000 love, 2000 war, 1999 war, 1999 love, 1999 war, 1999 \u00e9t\u00e9, 2000 peace, 2000 love, 1999 art"
    words = write_words(spark, tmp_path / "words", pairs)
    assert count(words, tmp_path / "counts") == 0
    expected = [
        (1999, "war", 2),
        (1999, "art", 1),
        (1999, "love", 1),
        (1999, "\u00e9t\u00e9", 1),
        (2000, "love", 2),
        (2000, "peace", 1),
        (2000, "war", 1),
    ]
    counts = spark.read.parquet(str(tmp_path / "counts"))
    assertDataFrameEqual(counts, spark.createDataFrame(expected, COUNTS_SCHEMA), checkRowOrder=True)
    assert len(list((tmp_path / "counts").glob("*.parquet"))) == 1
    counters = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert counters == {"job": "count_words", "years": 2, "distinct_words": 7, "words": 9}


def test_rare_words_are_left_out(spark: SparkSession, tmp_path: Path) -> None:
    words = write_words(spark, tmp_path / "words", "1999 war, 1999 war, 1999 peace, 2000 peace")
    assert count(words, tmp_path / "counts", "--min-count", "2") == 0
    expected = spark.createDataFrame([(1999, "war", 2)], COUNTS_SCHEMA)
    assertDataFrameEqual(spark.read.parquet(str(tmp_path / "counts")), expected)


def test_no_words_give_an_empty_table_and_a_warning(
    spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = write_words(spark, tmp_path / "words", "")
    assert count(words, tmp_path / "counts") == 0
    assertDataFrameEqual(spark.read.parquet(str(tmp_path / "counts")), spark.createDataFrame([], COUNTS_SCHEMA))
    assert "no words to count" in caplog.text


def test_input_of_another_job_is_refused(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spark.range(3).write.parquet(str(tmp_path / "other"))
    assert count(tmp_path / "other", tmp_path / "counts") == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith("count_words failed: ")
    assert "has no column 'year'; columns found: id. Give this job the output of preprocess_titles" in message

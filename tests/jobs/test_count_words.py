"""The job that counts words, run from its command line."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from book_titles.count_words import main

WORDS_SCHEMA = "year int, product_title string, word string"


def write_words(spark: SparkSession, folder: Path, words: str) -> Path:
    rows = [(int(pair[:4]), "A title", pair[5:]) for pair in words.split(", ") if pair]
    spark.createDataFrame(rows, WORDS_SCHEMA).write.parquet(str(folder))
    return folder


def count(words: Path, output: Path, *options: str) -> int:
    return main(["--input", f"words={words}", "--output", str(output), *options])


def test_counts_are_sorted_by_year_and_frequency_in_one_file(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = "2000 love, 2000 war, 1999 war, 1999 love, 1999 war, 1999 \u00e9t\u00e9, 2000 peace, 2000 love, 1999 art"
    words = write_words(spark, tmp_path / "words", pairs)
    assert count(words, tmp_path / "counts") == 0
    counts = spark.read.parquet(str(tmp_path / "counts"))
    assert [tuple(row) for row in counts.collect()] == [
        (1999, "war", 2),
        (1999, "art", 1),
        (1999, "love", 1),
        (1999, "\u00e9t\u00e9", 1),
        (2000, "love", 2),
        (2000, "peace", 1),
        (2000, "war", 1),
    ]
    assert counts.schema.simpleString() == "struct<year:int,word:string,count:bigint>"
    assert len(list((tmp_path / "counts").glob("*.parquet"))) == 1
    counters = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert counters == {"job": "count_words", "years": 2, "distinct_words": 7, "words": 9}


def test_rare_words_are_left_out(spark: SparkSession, tmp_path: Path) -> None:
    words = write_words(spark, tmp_path / "words", "1999 war, 1999 war, 1999 peace, 2000 peace")
    assert count(words, tmp_path / "counts", "--min-count", "2") == 0
    assert [tuple(row) for row in spark.read.parquet(str(tmp_path / "counts")).collect()] == [(1999, "war", 2)]


def test_no_words_give_an_empty_table_and_a_warning(
    spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    words = write_words(spark, tmp_path / "words", "")
    assert count(words, tmp_path / "counts") == 0
    counts = spark.read.parquet(str(tmp_path / "counts"))
    assert (counts.count(), counts.schema.simpleString()) == (0, "struct<year:int,word:string,count:bigint>")
    assert "no words to count" in caplog.text


def test_input_of_another_job_is_refused(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spark.range(3).write.parquet(str(tmp_path / "other"))
    assert count(tmp_path / "other", tmp_path / "counts") == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith("count_words failed: ")
    assert "has no column 'year'; columns found: id. Give this job the output of preprocess_titles" in message

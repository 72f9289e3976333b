"""The job that turns reviews into words, run from its command line."""

import json
import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from book_titles.preprocess_titles import main

SCHEMA = "struct<year:int,product_title:string,word:string>"
REPOSITORY = Path(__file__).parents[2]


def write_csv(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_parquet(spark: SparkSession, folder: Path, rows: list[tuple[object, ...]], schema: str) -> Path:
    spark.createDataFrame(rows, schema).coalesce(1).write.parquet(str(folder))
    return next(folder.glob("*.parquet"))


def words_of(spark: SparkSession, folder: Path) -> list[str]:
    return sorted(f"{row['year']} {row['word']}" for row in spark.read.parquet(str(folder)).collect())


def last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def preprocess(reviews: Path, output: Path, *options: str) -> int:
    return main(["--input", f"reviews={reviews}", "--output", str(output), *options])


def test_distinct_titles_become_words_and_counters(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = write_csv(
        tmp_path / "reviews.csv",
        "product_title,year",
        "Harry Potter,1999",
        "Harry Potter,1999",
        "Harry Potter,2000",
        '"Say ""Cheese"", Please",2000',
        ",2000",
        "   ,2000",
        "Lost,unknown",
    )
    assert preprocess(reviews, tmp_path / "words") == 0
    assert sorted(map(tuple, spark.read.parquet(str(tmp_path / "words")).collect())) == [
        (1999, "Harry Potter", "harry"),
        (1999, "Harry Potter", "potter"),
        (2000, "Harry Potter", "harry"),
        (2000, "Harry Potter", "potter"),
        (2000, 'Say "Cheese", Please', "cheese"),
        (2000, 'Say "Cheese", Please', "say"),
    ]
    assert json.loads(last_line(capsys.readouterr().out)) == {
        "job": "preprocess_titles",
        "rows_read": 7,
        "distinct_titles": 3,
        "rows_without_title": 2,
        "rows_without_year": 1,
        "rows_of_other_years": 0,
        "words": 6,
        "skipped_files": [],
    }
    assert spark.read.parquet(str(tmp_path / "words")).schema.simpleString() == SCHEMA
    assert (tmp_path / "words" / "_SUCCESS").exists()


def test_formats_are_told_by_file_name(spark: SparkSession, tmp_path: Path) -> None:
    write_csv(tmp_path / "csv" / "part-0.csv", "product_title,year", "Dune,1999")
    write_csv(tmp_path / "tsv" / "part-0.tsv", "product_title\tyear", 'The 12" Ruler\t1999')
    write_csv(tmp_path / "json" / "part-0.jsonl", '{"product_title": "Dune", "year": 1999}')
    write_csv(tmp_path / "bare_json" / "part-0", '{"product_title": "Dune", "year": "1999"}')
    write_parquet(spark, tmp_path / "parquet", [("Dune", 1999)], "product_title string, year long")
    part = write_parquet(spark, tmp_path / "written", [("Dune", 1999)], "product_title string, year int")
    (tmp_path / "bare_parquet").mkdir()
    shutil.copy(part, tmp_path / "bare_parquet" / "part-0")
    found = {}
    for name in ("csv", "tsv", "json", "bare_json", "parquet", "bare_parquet"):
        assert preprocess(tmp_path / name, tmp_path / "out" / name) == 0
        found[name] = words_of(spark, tmp_path / "out" / name)
    assert found.pop("tsv") == ["1999 ruler"]
    assert set(map(tuple, found.values())) == {("1999 dune",)}


def test_unknown_format_asks_for_the_option(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = write_csv(tmp_path / "reviews" / "data", "product_title,year", "Dune,1999")
    assert preprocess(reviews, tmp_path / "auto") == 1
    assert last_line(capsys.readouterr().err).endswith("Pass --format")
    assert preprocess(reviews, tmp_path / "csv", "--format", "csv") == 0
    assert words_of(spark, tmp_path / "csv") == ["1999 dune"]


def test_year_comes_from_dates_in_any_form(spark: SparkSession, tmp_path: Path) -> None:
    text = write_csv(
        tmp_path / "reviews.csv", "title,bought", "Dune,1999-07-16", "Emma,2000-01-01T10:00:00", "Lost,soon"
    )
    assert preprocess(text, tmp_path / "a", "--title-column", "title", "--date-column", "bought") == 0
    assert words_of(spark, tmp_path / "a") == ["1999 dune", "2000 emma"]
    dated = spark.sql(
        "SELECT 'Dune' AS product_title, DATE'1999-07-16' AS bought, TIMESTAMP'2001-01-01 00:00:00' AS at"
    )
    dated.write.parquet(str(tmp_path / "dated"))
    for column, year in (("bought", 1999), ("at", 2001)):
        assert preprocess(tmp_path / "dated", tmp_path / column, "--date-column", column) == 0
        assert words_of(spark, tmp_path / column) == [f"{year} dune"]


def test_year_option_keeps_one_year(spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reviews = write_csv(tmp_path / "reviews.csv", "product_title,year", "Dune,1999", "Emma,2000", "Lost,")
    assert preprocess(reviews, tmp_path / "words", "--year", "2000") == 0
    assert words_of(spark, tmp_path / "words") == ["2000 emma"]
    counters = json.loads(last_line(capsys.readouterr().out))
    assert (counters["rows_of_other_years"], counters["rows_without_year"]) == (1, 1)


def write_partitions(spark: SparkSession, folder: Path) -> Path:
    rows = [("Dune", 1999), ("Emma", 2000)]
    spark.createDataFrame(rows, "product_title string, year int").write.partitionBy("year").parquet(str(folder))
    return folder


def test_partition_folders_give_the_year(spark: SparkSession, tmp_path: Path) -> None:
    tree = write_partitions(spark, tmp_path / "tree")
    for name, reviews, expected in (
        ("tree", tree, ["1999 dune", "2000 emma"]),
        ("folder", tree / "year=2000", ["2000 emma"]),
        ("glob", tree / "year=*", ["1999 dune", "2000 emma"]),
    ):
        assert preprocess(reviews, tmp_path / name / "words") == 0
        assert words_of(spark, tmp_path / name / "words") == expected


def test_year_option_names_the_year_of_data_without_one(spark: SparkSession, tmp_path: Path) -> None:
    reviews = write_csv(tmp_path / "1999.csv", "product_title", "Dune")
    assert preprocess(reviews, tmp_path / "words", "--year", "1999") == 0
    assert words_of(spark, tmp_path / "words") == ["1999 dune"]


def test_missing_column_names_those_found_and_the_option(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = write_csv(tmp_path / "reviews.csv", "name,bought", "Dune,1999")
    for options, column, option in (
        ([], "product_title", "--title-column"),
        (["--title-column", "name"], "year", "--year-column"),
        (["--title-column", "name", "--date-column", "day"], "day", "--date-column"),
    ):
        assert preprocess(reviews, tmp_path / "words", *options) == 1
        message = last_line(capsys.readouterr().err)
        assert f"no column '{column}'; columns found: name, bought." in message
        assert option in message


def test_missing_path_is_named(spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert preprocess(tmp_path / "nowhere", tmp_path / "words") == 1
    captured = capsys.readouterr().err
    assert "Traceback" in captured
    assert last_line(captured).startswith(
        f"preprocess_titles failed: input 'reviews' does not exist: {tmp_path}/nowhere."
    )


def test_existing_output_is_left_alone(spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reviews = write_csv(tmp_path / "reviews.csv", "product_title,year", "Dune,1999")
    kept = write_csv(tmp_path / "words" / "kept.txt", "mine")
    assert preprocess(reviews, tmp_path / "words") == 1
    assert f"output path {tmp_path}/words already exists" in last_line(capsys.readouterr().err)
    assert list((tmp_path / "words").iterdir()) == [kept]


@pytest.mark.parametrize("case", ["other year", "header only", "empty file", "empty folder"])
def test_no_rows_give_an_empty_table_and_a_warning(
    case: str, spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reviews = tmp_path / "reviews"
    reviews.mkdir()
    if case != "empty folder":
        lines = {"other year": "product_title,year\nDune,1999\n", "header only": "product_title,year\n"}
        (reviews / "part-0.csv").write_text(lines.get(case, ""))
    assert preprocess(reviews, tmp_path / "words", "--year", "2000") == 0
    words = spark.read.parquet(str(tmp_path / "words"))
    assert (words.count(), words.schema.simpleString()) == (0, SCHEMA)
    assert f"no words for the year 2000 in {reviews}" in caplog.text


def write_corrupt_files(spark: SparkSession, folder: Path) -> list[Path]:
    """Write three good files, one that is no Parquet file at all and one that is damaged inside."""
    titles = [f"Title number{i}" for i in range(2000)]
    for name in ("a", "c", "e"):
        rows = [(f"{name}{title}", 1999) for title in titles]
        write_parquet(spark, folder.parent / f"written_{name}", rows, "product_title string, year int").rename(
            folder / f"{name}.parquet"
        )
    (folder / "b.parquet").write_bytes(b"this is not a Parquet file")
    damaged = bytearray((folder / "c.parquet").read_bytes())
    damaged[20:6000] = b"\xff" * 5980
    (folder / "d.parquet").write_bytes(damaged)
    return [folder / "b.parquet", folder / "d.parquet"]


def test_unreadable_files_fail_the_job_or_are_skipped_by_name(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = tmp_path / "product_category=Books" / "year=1999"
    reviews.mkdir(parents=True)
    broken = write_corrupt_files(spark, reviews)
    assert preprocess(tmp_path / "product_category=Books", tmp_path / "failed") == 1
    message = last_line(capsys.readouterr().err)
    assert message.startswith(f"preprocess_titles failed: cannot read file:{reviews}/")
    assert message.endswith("pass --on-bad-file skip")
    assert not (tmp_path / "failed").exists()

    assert preprocess(tmp_path / "product_category=Books", tmp_path / "words", "--on-bad-file", "skip") == 0
    counters = json.loads(last_line(capsys.readouterr().out))
    assert sorted(counters["skipped_files"]) == [f"file:{path}" for path in broken]
    assert counters["rows_read"] == 6000
    assert spark.read.parquet(str(tmp_path / "words")).select("year").distinct().collect()[0]["year"] == 1999


def test_single_unreadable_file_can_be_skipped_too(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = tmp_path / "reviews.csv.gz"
    reviews.write_bytes(b"\x1f\x8b\x08 broken")
    assert preprocess(reviews, tmp_path / "words", "--on-bad-file", "skip") == 0
    assert json.loads(last_line(capsys.readouterr().out))["skipped_files"] == [f"file:{reviews}"]
    assert words_of(spark, tmp_path / "words") == []


def test_shipped_lemmas_are_applied(spark: SparkSession, tmp_path: Path) -> None:
    reviews = write_csv(tmp_path / "reviews.csv", "product_title,year", "The Wolves and the Stolen Children,1999")
    lemmas = REPOSITORY / "include" / "data" / "lemmas_en.tsv"
    assert preprocess(reviews, tmp_path / "words", "--lemmas", str(lemmas)) == 0
    assert words_of(spark, tmp_path / "words") == ["1999 child", "1999 steal", "1999 wolf"]

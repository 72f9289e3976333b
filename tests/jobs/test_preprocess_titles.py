"""The job that turns reviews into words, run from its command line."""

import json
import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from book_titles.preprocess_titles import main, read_lemmas, select_titles

pytestmark = pytest.mark.xdist_group("spark")

WORDS_SCHEMA = "year int, product_title string, word string"
REPOSITORY = Path(__file__).parents[2]


def write_csv(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def assert_words(spark: SparkSession, folder: Path, *expected: tuple[int, str, str]) -> None:
    assertDataFrameEqual(spark.read.parquet(str(folder)), spark.createDataFrame(list(expected), WORDS_SCHEMA))


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
    assert_words(
        spark,
        tmp_path / "words",
        (1999, "Harry Potter", "harry"),
        (1999, "Harry Potter", "potter"),
        (2000, "Harry Potter", "harry"),
        (2000, "Harry Potter", "potter"),
        (2000, 'Say "Cheese", Please', "cheese"),
        (2000, 'Say "Cheese", Please', "say"),
    )
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
    assert (tmp_path / "words" / "_SUCCESS").exists()


def test_unknown_format_asks_for_the_option(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = write_csv(tmp_path / "reviews" / "data", "product_title,year", "Dune,1999")
    assert preprocess(reviews, tmp_path / "auto") == 1
    assert last_line(capsys.readouterr().err).endswith("Pass --format")
    assert preprocess(reviews, tmp_path / "csv", "--format", "csv") == 0
    assert_words(spark, tmp_path / "csv", (1999, "Dune", "dune"))


def test_columns_are_named_by_options(spark: SparkSession, tmp_path: Path) -> None:
    reviews = write_csv(
        tmp_path / "reviews.csv",
        "title,bought,printed",
        "Dune,1999-07-16,2001",
        "Emma,2000-01-01T10:00:00,2001",
        "Lost,soon,",
    )
    assert preprocess(reviews, tmp_path / "a", "--title-column", "title", "--date-column", "bought") == 0
    assert_words(spark, tmp_path / "a", (1999, "Dune", "dune"), (2000, "Emma", "emma"))
    assert preprocess(reviews, tmp_path / "b", "--title-column", "title", "--year-column", "printed") == 0
    assert_words(spark, tmp_path / "b", (2001, "Dune", "dune"), (2001, "Emma", "emma"))


def test_year_option_keeps_one_year(spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reviews = write_csv(tmp_path / "reviews.csv", "product_title,year", "Dune,1999", "Emma,2000", "Lost,")
    assert preprocess(reviews, tmp_path / "words", "--year", "2000") == 0
    assert_words(spark, tmp_path / "words", (2000, "Emma", "emma"))
    counters = json.loads(last_line(capsys.readouterr().out))
    assert (counters["rows_of_other_years"], counters["rows_without_year"]) == (1, 1)


def test_year_option_names_the_year_of_data_without_one(spark: SparkSession, tmp_path: Path) -> None:
    reviews = write_csv(tmp_path / "1999.csv", "product_title", "Dune")
    assert preprocess(reviews, tmp_path / "words", "--year", "1999") == 0
    assert_words(spark, tmp_path / "words", (1999, "Dune", "dune"))


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


@pytest.mark.parametrize("case", ["header only", "empty file", "empty folder"])
def test_no_rows_give_an_empty_table_and_a_warning(
    case: str, spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reviews = tmp_path / "reviews"
    reviews.mkdir()
    if case != "empty folder":
        (reviews / "part-0.csv").write_text("product_title,year\n" if case == "header only" else "")
    assert preprocess(reviews, tmp_path / "words", "--year", "2000") == 0
    assert_words(spark, tmp_path / "words")
    assert f"no words for the year 2000 in {reviews}" in caplog.text


def test_reviews_of_other_years_only_fail_the_job(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = write_csv(tmp_path / "reviews.csv", "product_title,year", "Dune,1999", "Lost,soon")
    assert preprocess(reviews, tmp_path / "words", "--year", "2000", "--max-dropped", "100%") == 1
    assert last_line(capsys.readouterr().err) == (
        f"preprocess_titles failed: nothing in {reviews} can be used. Of 2 rows: 1 of other years than 2000, such as '1999'; 1 with an unclear "
        "year (a year has four digits; pass --date-format for a date), such as 'soon'. Correct the input or the job's options"
    )
    assert not (tmp_path / "words").exists()


def write_corrupt_files(spark: SparkSession, folder: Path, scratch: Path) -> list[Path]:
    """Write three good files, one that is no Parquet file at all and one that is damaged inside."""
    titles = spark.range(2000).selectExpr("concat('Title number', id) AS product_title", "1999 AS year")
    titles.coalesce(1).write.parquet(str(scratch))
    for name in ("a", "c", "e"):
        shutil.copy(next(scratch.glob("*.parquet")), folder / f"{name}.parquet")
    (folder / "b.parquet").write_bytes(b"this is not a Parquet file")
    damaged = bytearray((folder / "c.parquet").read_bytes())
    damaged[20:6000] = b"\xff" * 5980
    (folder / "d.parquet").write_bytes(damaged)
    return [folder / "b.parquet", folder / "d.parquet"]


@pytest.mark.timeout(120)
def test_unreadable_files_fail_the_job_or_are_skipped_by_name(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = tmp_path / "product_category=Books" / "year=1999"
    reviews.mkdir(parents=True)
    broken = write_corrupt_files(spark, reviews, tmp_path / "written")
    assert preprocess(tmp_path / "product_category=Books", tmp_path / "failed") == 1
    message = last_line(capsys.readouterr().err)
    assert message.startswith(f"preprocess_titles failed: file:{reviews}/")
    assert "cannot be read" in message
    assert message.endswith("pass --on-bad-file skip")
    assert not (tmp_path / "failed").exists()

    assert preprocess(tmp_path / "product_category=Books", tmp_path / "words", "--on-bad-file", "skip") == 0
    counters = json.loads(last_line(capsys.readouterr().out))
    assert sorted(counters["skipped_files"]) == [f"file:{path}" for path in broken]
    assert counters["rows_read"] == 6000
    assert spark.read.parquet(str(tmp_path / "words")).select("year").distinct().collect()[0]["year"] == 1999


def test_a_workbook_beside_the_data_is_skipped_on_demand_and_counted(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    reviews = tmp_path / "reviews"
    write_csv(reviews / "a.csv", "product_title,year", "Dune,1999")
    for name in ("b.csv", "c.csv"):
        (reviews / name).touch()
    (reviews / "more.xlsx").write_bytes(b"PK\x03\x04\x14\x00")
    assert preprocess(reviews, tmp_path / "words", "--on-bad-file", "skip") == 0
    assert_words(spark, tmp_path / "words", (1999, "Dune", "dune"))
    assert json.loads(last_line(capsys.readouterr().out))["skipped_files"] == [f"file:{reviews}/more.xlsx"]
    assert f"skipping file:{reviews}/more.xlsx, which is a ZIP archive, as Excel files are too" in caplog.text
    assert all(f"file:{reviews}/{name} is empty" in caplog.text for name in ("b.csv", "c.csv"))


@pytest.mark.timeout(120)
def test_a_job_that_can_read_none_of_its_files_fails(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = tmp_path / "reviews.csv.gz"
    reviews.write_bytes(b"\x1f\x8b\x08 broken")
    assert preprocess(reviews, tmp_path / "words", "--on-bad-file", "skip", "--max-dropped", "100%") == 1
    message = last_line(capsys.readouterr().err)
    assert f"nothing in {reviews} can be used. Of 1 files: 1 that cannot be read, such as 'file:{reviews}'" in message


def test_shipped_lemmas_are_applied(spark: SparkSession, tmp_path: Path) -> None:
    reviews = write_csv(tmp_path / "reviews.csv", "product_title,year", "The Wolves and the Stolen Children,1999")
    lemmas = REPOSITORY / "include" / "data" / "lemmas_en.tsv"
    assert preprocess(reviews, tmp_path / "words", "--lemmas", str(lemmas)) == 0
    title = "The Wolves and the Stolen Children"
    assert_words(spark, tmp_path / "words", *((1999, title, word) for word in ("wolf", "steal", "child")))


def test_first_lemma_of_a_form_counts(spark: SparkSession, tmp_path: Path) -> None:
    dictionary = write_csv(
        tmp_path / "lemmas.tsv", "# form lemma", "saw\tsee", "saw\tsaw", 'a"b\tquote', "alone", "\tx"
    )
    expected = spark.createDataFrame([("saw", "saw"), ('a"b', "quote")], "form string, lemma string")
    assertDataFrameEqual(read_lemmas(spark, str(dictionary)), expected)


@pytest.mark.parametrize(("year", "kept"), [(None, [(1999, "Dune"), (2000, "Emma")]), (2000, [(2000, "Emma")])])
def test_titles_with_both_a_title_and_a_wanted_year_are_kept(
    year: int | None, kept: list[tuple[int, str]], spark: SparkSession
) -> None:
    rows = [(1999, "Dune", 2), (2000, "Emma", 1), (2000, None, 3), (None, "Lost", 1)]
    titles = spark.createDataFrame(rows, "year int, product_title string, rows long")
    assertDataFrameEqual(select_titles(titles, year), spark.createDataFrame(kept, "year int, product_title string"))

"""How review files of several formats become titles with their years."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from batch_job.data_files import Reading, find_data_files
from batch_job.run import JobError
from book_titles.reviews_reading import ReviewColumns, read_titles, select_title_and_year

pytestmark = pytest.mark.xdist_group("spark")

TITLES_SCHEMA = "year int, product_title string"
COLUMNS = ReviewColumns(title="product_title", year="year", date=None, only_year=None)


def read_all(spark: SparkSession, reviews: Path) -> DataFrame:
    files = find_data_files(spark, str(reviews), Reading(), [COLUMNS.title]).data
    return read_titles(spark, str(reviews), files, COLUMNS, whole=True).select("year", "product_title")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("part-0.csv", 'product_title,year\n"""Ruler",1999\n'),
        ("part-0.tsv", 'product_title\tyear\n"Ruler\t1999\n'),
        ("part-0.jsonl", '{"product_title": "\\"Ruler", "year": 1999}\n'),
        ("part-0", '{"product_title": "\\"Ruler", "year": "1999"}\n'),
    ],
)
def test_format_of_text_is_told_by_name_or_content(
    file: str, content: str, spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / file).write_text(content, encoding="utf-8")
    expected = spark.createDataFrame([(1999, '"Ruler')], TITLES_SCHEMA)
    assertDataFrameEqual(read_all(spark, tmp_path), expected)


def test_parquet_is_told_by_name_or_content(spark: SparkSession, tmp_path: Path) -> None:
    written = spark.createDataFrame([("Dune", 1999)], "product_title string, year long").coalesce(1)
    written.write.parquet(str(tmp_path / "named"))
    (tmp_path / "bare").mkdir()
    shutil.copy(next((tmp_path / "named").glob("*.parquet")), tmp_path / "bare" / "part-0")
    expected = spark.createDataFrame([(1999, "Dune")], TITLES_SCHEMA)
    for name in ("named", "bare"):
        assertDataFrameEqual(read_all(spark, tmp_path / name), expected)


def test_partition_folders_give_the_year(spark: SparkSession, tmp_path: Path) -> None:
    reviews = spark.createDataFrame([("Dune", 1999), ("Emma", 2000)], "product_title string, year int")
    reviews.write.partitionBy("year").parquet(str(tmp_path / "tree"))
    dune, emma = (spark.createDataFrame([row], TITLES_SCHEMA) for row in ((1999, "Dune"), (2000, "Emma")))
    assertDataFrameEqual(read_all(spark, tmp_path / "tree"), dune.union(emma))
    assertDataFrameEqual(read_all(spark, tmp_path / "tree" / "year=*"), dune.union(emma))
    assertDataFrameEqual(read_all(spark, tmp_path / "tree" / "year=2000"), emma)


def test_skipped_files_are_not_read(spark: SparkSession, tmp_path: Path) -> None:
    for name, title in (("a", "Dune"), ("b", "Emma")):
        (tmp_path / f"{name}.csv").write_text(f"product_title,year\n{title},1999\n", encoding="utf-8")
    files = [
        file
        for file in find_data_files(spark, str(tmp_path), Reading(), ["product_title"]).data
        if "/a" not in file.uri
    ]
    titles = read_titles(spark, str(tmp_path), files, COLUMNS, whole=False).select("year", "product_title")
    assertDataFrameEqual(titles, spark.createDataFrame([(1999, "Emma")], TITLES_SCHEMA))


@pytest.mark.parametrize(("column", "year"), [("day", 1999), ("moment", 2001), ("text", 2002), ("unclear", None)])
def test_year_comes_from_dates_of_any_type(column: str, year: int | None, spark: SparkSession) -> None:
    reviews = spark.sql(
        "SELECT 'Dune' AS product_title, DATE'1999-07-16' AS day, TIMESTAMP'2001-01-01 00:00:00' AS moment,"
        " '2002-01-01T10:00:00' AS text, 'soon' AS unclear"
    )
    titles = select_title_and_year(reviews, replace(COLUMNS, date=column), "reviews")
    assertDataFrameEqual(titles.select("year", "product_title"), spark.createDataFrame([(year, "Dune")], TITLES_SCHEMA))


def test_blank_titles_and_unclear_years_are_null(spark: SparkSession) -> None:
    reviews = [(" Dune ", "1999"), ("", "1999"), ("  ", "1999"), (None, "1999"), ("Emma", "unknown"), ("Lost", None)]
    expected = [(1999, "Dune"), (1999, None), (1999, None), (1999, None), (None, "Emma"), (None, "Lost")]
    assertDataFrameEqual(
        select_title_and_year(
            spark.createDataFrame(reviews, "product_title string, year string"), COLUMNS, "reviews"
        ).select("year", "product_title"),
        spark.createDataFrame(expected, TITLES_SCHEMA),
        checkRowOrder=True,
    )


def test_a_replacement_character_is_damage_in_text_and_a_letter_in_parquet(spark: SparkSession, tmp_path: Path) -> None:
    spark.createDataFrame([("Mis\ufffdrables", 1999)], "product_title string, year int").write.parquet(
        str(tmp_path / "a")
    )
    (tmp_path / "b.csv").write_text("product_title,year\nMis\ufffdrables,1999\n", encoding="utf-8")
    assert read_all(spark, tmp_path / "a").first()["product_title"] == "Mis\ufffdrables"
    assert read_all(spark, tmp_path / "b.csv").first()["product_title"] is None


def test_json_without_an_object_says_so_and_an_empty_one_is_empty(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("product_title,year\nDune,1999\n", encoding="utf-8")
    with pytest.raises(JobError, match=r"no line of .*/a\.json is a JSON object\. Pass --format"):
        read_all(spark, tmp_path / "a.json")
    (tmp_path / "b.json").touch()
    assert read_all(spark, tmp_path / "b.json").isEmpty()

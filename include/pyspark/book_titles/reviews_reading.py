"""Reads review files of several formats into titles with their years. A row that lacks one keeps the reason and what was found instead."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.data_files import DataFile
from batch_job.data_reading import CORRUPT, load
from batch_job.dates import PLAIN_DATES, DateFormats, as_text, year_of
from batch_job.delimited_tables import LONGER_ROWS, MORE_FIELDS, union_of
from batch_job.run import JobError, require_columns

_YEAR_FOLDER = re.compile(r"/year=(\d{4})/*$")
_SCHEMA = "year int, product_title string, reason string, example string"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewColumns:
    """Where the title and the year of a review are found; ``only_year`` is the only one wanted, ``formats`` are those of dates that are not plain, ``folder_year`` is of the folder's name."""

    title: str
    year: str
    date: str | None
    only_year: int | None
    formats: DateFormats = PLAIN_DATES
    folder_year: int | None = None

    @classmethod
    def from_options(cls, options: argparse.Namespace, formats: DateFormats) -> "ReviewColumns":
        """Take the columns from the job's parsed options."""
        return cls(
            title=options.title_column,
            year=options.year_column,
            date=options.date_column,
            only_year=options.year,
            formats=formats,
        )


def read_titles(
    spark: SparkSession, uri: str, files: Sequence[DataFile], columns: ReviewColumns, *, whole: bool
) -> DataFrame:
    """Read these files below ``uri`` into ``(year, product_title, reason, example)``; ``whole`` says that they are all there are."""
    folder = _YEAR_FOLDER.search(uri)
    columns = replace(columns, folder_year=int(folder[1]) if folder else None)
    parts = [spark.createDataFrame([], _SCHEMA)]
    for loaded in load(spark, uri, files, whole=whole):
        if loaded.frame.columns == [CORRUPT]:
            raise JobError(f"no line of {loaded.source} is a JSON object. Pass --format if it is of another one")
        if loaded.frame.columns:
            parts.append(select_title_and_year(loaded.frame, columns, loaded.source, is_text=loaded.is_text))
    return union_of(parts[1:] or parts)


def select_title_and_year(reviews: DataFrame, columns: ReviewColumns, uri: str, *, is_text: bool = False) -> DataFrame:
    """Reduce reviews to ``(year, product_title, reason, example)``: a reason where a title or a year is missing, which is null then."""
    named = reviews.drop(MORE_FIELDS)
    require_columns(named, {columns.title: "Name the column of the titles with --title-column"}, uri)
    written = F.trim(F.col(_quoted(columns.title)).cast("string"))
    date, year = _year_of(named, columns, uri)
    # Text becomes so when it is read in the wrong encoding; in Parquet it was written so.
    is_broken = written.contains("\ufffd") & F.lit(is_text)
    title = F.when((written != "") & ~is_broken, written)
    corrupt, longer = (_column_or_null(reviews, name) for name in (CORRUPT, MORE_FIELDS))
    reason = (
        F.when(corrupt.isNotNull(), "that are no JSON object")
        .when(longer.isNotNull(), LONGER_ROWS)
        .when(is_broken, "with a title that is not UTF-8 (pass its --encoding)")
        .when(title.isNull(), "without a title")
        .when(F.coalesce(date, F.lit("")) == "", "without a year")
        .when(year.isNull(), "with an unclear year (a year has four digits; pass --date-format for a date)")
    )
    example = F.coalesce(
        corrupt, longer, F.when(is_broken, written), F.when(title.isNull(), date), F.when(date != "", date), title
    )
    # Which of the fields are the title and the year nobody knows then.
    is_row = longer.isNull()
    return reviews.select(
        F.when(is_row, year).alias("year"),
        F.when(is_row, title).alias("product_title"),
        reason.alias("reason"),
        F.when(reason.isNotNull(), example).alias("example"),
    )


def _year_of(reviews: DataFrame, columns: ReviewColumns, uri: str) -> tuple[Column, Column]:
    """What is written for the year or date, and the year."""
    if columns.date is not None:
        require_columns(reviews, {columns.date: "Name the column of the dates with --date-column"}, uri)
        text = as_text(reviews, columns.date)
        return text, year_of(text, columns.formats, is_date=True)
    if columns.year.lower() in {name.lower() for name in reviews.columns}:
        text = as_text(reviews, columns.year)
        return text, year_of(text, columns.formats)
    known_year = columns.only_year or columns.folder_year
    if known_year is None:
        advice = "Name the column of the years with --year-column, or of the dates with --date-column, or pass --year"
        require_columns(reviews, {columns.year: advice}, uri)
    return F.lit(str(known_year)), F.lit(known_year).cast("int")


def _column_or_null(frame: DataFrame, name: str) -> Column:
    return F.col(name) if name in frame.columns else F.lit(None).cast("string")


def _quoted(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"

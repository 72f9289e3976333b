"""Reads review files of several formats into titles with their years. A row that lacks one keeps the reason and what was found instead."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.dates import PLAIN_DATES, DateFormats, as_text, year_of
from batch_job.delimited_tables import (
    LONGER_ROWS,
    MORE_FIELDS,
    DelimitedFile,
    find_open_quote_file,
    read_alike,
    union_of,
)
from batch_job.file_heads import UTF_8
from batch_job.hadoop_files import is_directory
from batch_job.input_files import without_globs
from batch_job.parquet_files import load_parquet
from batch_job.run import JobError, describe_cause, require_columns
from book_titles.review_files import ReviewFile

READ_ERRORS = (Py4JJavaError, PySparkException)

_MOST_FILES_TRIED = 50
_CSV = {"escape": '"', "multiLine": "true"}
# Amazon's own TSV files hold bare quotation marks and never quote a field.
_TSV = {"quote": ""}
_CORRUPT = "_corrupt_record"
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


@dataclass(frozen=True, slots=True)
class Loaded:
    """All files of one kind, an address to name them by, and whether Spark has decoded them from text."""

    frame: DataFrame
    source: str
    is_text: bool


def read_titles(
    spark: SparkSession, uri: str, files: Sequence[ReviewFile], columns: ReviewColumns, *, whole: bool
) -> DataFrame:
    """Read these files below ``uri`` into ``(year, product_title, reason, example)``; ``whole`` says that they are all there are."""
    folder = _YEAR_FOLDER.search(uri)
    columns = replace(columns, folder_year=int(folder[1]) if folder else None)
    parts = [spark.createDataFrame([], _SCHEMA)]
    for loaded in _load(spark, uri, files, whole=whole):
        if loaded.frame.columns == [_CORRUPT]:
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
    corrupt, longer = (_column_or_null(reviews, name) for name in (_CORRUPT, MORE_FIELDS))
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


def find_unreadable_file(
    spark: SparkSession, uri: str, files: Sequence[ReviewFile], error: Exception
) -> tuple[str, str] | None:
    """Return the input file that a Spark error is about, and what is wrong with it; None if it is about no file."""
    quoted = find_open_quote_file(spark, [file.table for file in files], error)
    if quoted is not None:
        return quoted.uri, quoted.problem
    text = unquote(str(error))
    # Spark writes file:///a, Hadoop file:/a: the part after the scheme is what they share.
    named = next((file.uri for file in files if file.uri.partition(":")[2].lstrip("/") in text), None)
    # While it looks for the columns of a text file, Spark names no file: then they are tried one by one.
    tried = (file.uri for file in files[:_MOST_FILES_TRIED] if not _is_readable(spark, uri, file))
    found = named or next(tried, None)
    return None if found is None else (found, f"cannot be read: {describe_cause(error)}")


def _is_readable(spark: SparkSession, uri: str, file: ReviewFile) -> bool:
    try:
        for loaded in _load(spark, uri, [file], whole=False):
            loaded.frame.head()
    except READ_ERRORS:
        return False
    return True


def _load(spark: SparkSession, uri: str, files: Sequence[ReviewFile], *, whole: bool) -> list[Loaded]:
    base, loaded = _base_path(spark, uri), list[Loaded]()
    parquet = [file for file in files if file.format == "parquet"]
    if parquet:
        paths = [uri] if whole and len(parquet) == len(files) else [without_globs(file.uri) for file in parquet]
        loaded.append(Loaded(load_parquet(spark, paths, base, parquet[0].uri), uri, is_text=False))
    jsons = [file for file in files if file.format == "json"]
    texts = [*_load_json(spark, jsons, base), *_load_tables(spark, files, base)]
    return [*loaded, *(Loaded(frame, source, is_text=True) for frame, source in texts)]


def _load_json(spark: SparkSession, files: Sequence[ReviewFile], base: dict[str, str]) -> list[tuple[DataFrame, str]]:
    alike: dict[tuple[bool, str], list[str]] = {}
    for file in files:
        alike.setdefault((file.spread, file.table.encoding), []).append(without_globs(file.uri))
    frames = []
    for (spread, encoding), paths in alike.items():
        # Spark asks for the line's end where it is to split another encoding.
        coded = {} if encoding == UTF_8 else {"encoding": encoding} | ({} if spread else {"lineSep": "\n"})
        reader = spark.read.options(**base, **coded, multiLine=str(spread), primitivesAsString="true")
        frames.append((reader.json(paths), paths[0]))
    return frames


def _load_tables(spark: SparkSession, files: Sequence[ReviewFile], base: dict[str, str]) -> list[tuple[DataFrame, str]]:
    quoted: list[DelimitedFile] = [file.table for file in files if file.format == "csv" and file.table.header]
    bare = [file.table for file in files if file.format == "tsv" and file.table.header]
    # Spark splits a file at the bytes of line ends, which are others in these encodings.
    lines = [table for table in bare if not table.encoding.startswith("UTF-16")]
    wide = [table for table in bare if table.encoding.startswith("UTF-16")]
    return [
        *read_alike(spark, quoted, _CSV | base),
        *read_alike(spark, lines, _TSV | base),
        *read_alike(spark, wide, _TSV | base | {"multiLine": "true"}),
    ]


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


def _base_path(spark: SparkSession, uri: str) -> dict[str, str]:
    # Partition folders become columns only below this path, even if single files below it are read.
    glob = re.search(r"[*?\[{]", uri)
    folder = uri[: glob.start()].rpartition("/")[0] if glob else uri
    return {"basePath": folder} if folder and is_directory(spark, folder) else {}


def _column_or_null(frame: DataFrame, name: str) -> Column:
    return F.col(name) if name in frame.columns else F.lit(None).cast("string")


def _quoted(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"

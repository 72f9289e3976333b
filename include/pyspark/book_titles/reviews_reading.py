"""Reads review files of several formats into (year, product_title), and finds the file that cannot be read."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from batch_job.hadoop_files import is_directory, list_data_files, read_bytes
from batch_job.run import JobError, require_columns

READ_ERRORS = (Py4JJavaError, PySparkException)
FORMATS = ("auto", "parquet", "csv", "tsv", "json")

_MOST_FILES_TRIED = 50
_EXTENSIONS = {"parquet": "parquet", "csv": "csv", "tsv": "tsv", "json": "json", "jsonl": "json", "ndjson": "json"}
_READERS = {
    "parquet": ("parquet", {}),
    "csv": ("csv", {"header": "true", "escape": '"', "multiLine": "true"}),
    # Amazon's own TSV files hold bare quotation marks and never quote a field.
    "tsv": ("csv", {"header": "true", "sep": "\t", "quote": ""}),
    "json": ("json", {}),
}
_YEAR_FOLDER = re.compile(r"/year=(\d{4})/*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewColumns:
    """Where the title and the year of a review are found; ``year`` alone is the only year wanted."""

    title: str
    year: str
    date: str | None
    only_year: int | None

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> "ReviewColumns":
        """Take the columns from the job's parsed options."""
        return cls(
            title=options.title_column, year=options.year_column, date=options.date_column, only_year=options.year
        )


def read_reviews(spark: SparkSession, uri: str, file_format: str, skipped: Sequence[str]) -> DataFrame:
    """Read every file under ``uri`` but the ``skipped`` ones; a frame without columns if there is no file."""
    files = (path for path in list_data_files(spark, uri) if path not in skipped)
    first_file = next(files, None)
    if first_file is None:
        return spark.createDataFrame([], StructType([]))
    paths = [first_file, *files] if skipped else [uri]
    return _load(spark, uri, file_format, first_file, paths)


def select_title_and_year(reviews: DataFrame, columns: ReviewColumns, uri: str) -> DataFrame:
    """Reduce reviews to ``(year, product_title)``; either is null where a review has none."""
    if not reviews.columns:
        return reviews.sparkSession.createDataFrame([], "year int, product_title string")
    require_columns(reviews, {columns.title: "Name the column of the titles with --title-column"}, uri)
    title = F.trim(F.col(_quoted(columns.title)).cast("string"))
    return reviews.select(
        _year_of(reviews, columns, uri).alias("year"), F.when(title != "", title).alias("product_title")
    )


def find_unreadable_file(
    spark: SparkSession, uri: str, file_format: str, skipped: Sequence[str], error: Exception
) -> str | None:
    """Return the input file that a Spark error is about, if it is about one."""
    text = unquote(str(error))
    files = [path for path in list_data_files(spark, uri) if path not in skipped]
    # Spark writes file:///a, Hadoop file:/a: the part after the scheme is what they share.
    named = next((path for path in files if path.partition(":")[2].lstrip("/") in text), None)
    # While it looks for the columns of a text file, Spark names no file: then they are tried one by one.
    return named or next(
        (path for path in files[:_MOST_FILES_TRIED] if not _is_readable(spark, file_format, path)), None
    )


def _is_readable(spark: SparkSession, file_format: str, path: str) -> bool:
    try:
        _load(spark, path, file_format, path, [path]).head()
    except READ_ERRORS:
        return False
    return True


def _load(spark: SparkSession, uri: str, file_format: str, first_file: str, paths: Sequence[str]) -> DataFrame:
    source, options = _READERS[_detect_format(spark, first_file) if file_format == "auto" else file_format]
    return spark.read.format(source).options(**options, **_base_path(spark, uri)).load(list(paths))


def _year_of(reviews: DataFrame, columns: ReviewColumns, uri: str) -> Column:
    if columns.date is not None:
        require_columns(reviews, {columns.date: "Name the column of the dates with --date-column"}, uri)
        return F.year(F.expr(f"try_cast({_quoted(columns.date)} AS DATE)"))
    if columns.year.lower() in {name.lower() for name in reviews.columns}:
        return F.expr(f"try_cast({_quoted(columns.year)} AS INT)")
    folder = _YEAR_FOLDER.search(uri)
    known_year = columns.only_year or (int(folder[1]) if folder else None)
    if known_year is None:
        advice = "Name the column of the years with --year-column, or of the dates with --date-column, or pass --year"
        require_columns(reviews, {columns.year: advice}, uri)
    return F.lit(known_year).cast("int")


def _detect_format(spark: SparkSession, path: str) -> str:
    name = path.rpartition("/")[2].lower()
    for extension in reversed(name.split(".")[1:]):
        if extension in _EXTENSIONS:
            return _EXTENSIONS[extension]
    start = read_bytes(spark, path, 4)
    if start == b"PAR1":
        return "parquet"
    if start.lstrip()[:1] == b"{":
        return "json"
    raise JobError(f"cannot tell the format of {path} from its name or its content. Pass --format")


def _base_path(spark: SparkSession, uri: str) -> dict[str, str]:
    # Partition folders become columns only below this path, even if single files below it are read.
    glob = re.search(r"[*?\[{]", uri)
    folder = uri[: glob.start()].rpartition("/")[0] if glob else uri
    return {"basePath": folder} if folder and is_directory(spark, folder) else {}


def _quoted(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"

"""Reads an input of CSV, TSV, JSON or Parquet files as the columns that a job names, each of its type. Counts what it cannot read, drops nothing silently."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, MapType, StringType, StructField, StructType

from batch_job.arguments import JobArguments
from batch_job.data_files import DataFiles, Reading, find_data_files
from batch_job.data_reading import CORRUPT, READ_ERRORS, find_unreadable_file, load
from batch_job.dates import DateFormats, check_formats
from batch_job.delimited_tables import LONGER_ROWS, MORE_FIELDS, union_of
from batch_job.left_out import LeftOut, judge_left_out
from batch_job.run import EMPTY, Counters, JobError, require_path
from batch_job.typed_values import TableColumn, typed_value, written_value

_ADVICE = "Correct the file, or the job's columns"
# No name of a column begins so.
_WRITTEN = "written of "
_log = logging.getLogger("batch_job.input_table")


@dataclass(frozen=True, kw_only=True, slots=True)
class InputTable:
    """The rows of an input, cached, and what was counted while they were read."""

    rows: DataFrame
    counters: Counters


def read_table(spark: SparkSession, arguments: JobArguments, name: str, columns: Sequence[TableColumn]) -> InputTable:
    """Read the input of this name; a value that is none of its column's type is null and counted.

    The job's parser has the options of ``add_reading_options``. Raises JobError for a file that cannot be read, a column that is not
    there, and when too many rows cannot be used.
    """
    uri, options = arguments.inputs[name], arguments.options
    require_path(spark, name, uri)
    formats = check_formats(spark, options.date_format)
    roots = list(dict.fromkeys(column.path[0] for column in columns))
    files = find_data_files(spark, uri, Reading(encoding=options.encoding, separator=options.separator), roots)
    _refuse_problems(files, uri)
    try:
        read = _load_rows(spark, uri, files, columns, formats).cache()
        counted = _count(read, columns)
    except READ_ERRORS as error:
        unreadable = find_unreadable_file(spark, uri, files.data, error)
        if unreadable is None:
            raise
        raise JobError(f"{unreadable[0]} {unreadable[1]}. {_ADVICE}") from error
    _judge(arguments, uri, read, counted)
    rows = read.where("reason IS NULL").select(*(column.name for column in columns))
    return InputTable(rows=rows, counters=_told(counted, columns, uri))


def _refuse_problems(files: DataFiles, uri: str) -> None:
    for file in files.data:
        if file.problem:
            raise JobError(f"{file.uri} {file.problem}. {_ADVICE}")
    if not files.data:
        raise JobError(f"{uri} holds no data file. Check the address")


def _load_rows(
    spark: SparkSession, uri: str, files: DataFiles, columns: Sequence[TableColumn], formats: DateFormats
) -> DataFrame:
    """All rows with the typed columns, what was written in each of those, and the reason and an example of those that cannot be used."""
    loaded = load(spark, uri, files.data, whole=not files.others, json_schema=_texts_of(columns))
    if not loaded:
        raise JobError(f"{uri} holds empty files only. {_ADVICE}")
    return union_of([_typed(one.frame, columns, formats, one.source) for one in loaded])


def _texts_of(columns: Sequence[TableColumn]) -> StructType:
    """The schema by which JSON is read: these columns only, so that what Spark makes of all others does not matter."""
    tree: dict[str, Any] = {}
    for column in columns:
        node = tree
        for part in column.path:
            node = node.setdefault(part, {})
    return StructType([*_fields(tree), StructField(CORRUPT, StringType())])


def _fields(tree: dict[str, Any]) -> list[StructField]:
    return [StructField(name, StructType(_fields(below)) if below else StringType()) for name, below in tree.items()]


def _typed(frame: DataFrame, columns: Sequence[TableColumn], formats: DateFormats, source: str) -> DataFrame:
    found = {name.lower() for name in frame.columns}
    for column in columns:
        if column.path[0].lower() not in found:
            listed = ", ".join(name for name in frame.columns if name not in (MORE_FIELDS, CORRUPT))
            raise JobError(f"{source} has no column {column.path[0]!r}; columns found: {listed}. {_ADVICE}")
        if isinstance(frame.schema[_exact(frame, column)].dataType, ArrayType | MapType):
            raise JobError(f"{source}: the column {column.path[0]!r} holds lists, not one value a row. {_ADVICE}")
    corrupt, longer = (
        F.col(name) if name in frame.columns else F.lit(None).cast("string") for name in (CORRUPT, MORE_FIELDS)
    )
    reason = F.when(corrupt.isNotNull(), "that are no JSON object").when(longer.isNotNull(), LONGER_ROWS)
    return frame.select(
        *(typed_value(frame, column, formats).alias(column.name) for column in columns),
        *(written_value(frame, column).alias(f"{_WRITTEN}{column.name}") for column in columns),
        reason.alias("reason"),
        F.coalesce(corrupt, longer).alias("example"),
    )


def _exact(frame: DataFrame, column: TableColumn) -> str:
    return next(name for name in frame.columns if name.lower() == column.path[0].lower())


def _count(read: DataFrame, columns: Sequence[TableColumn]) -> dict[str, int]:
    """Count, in one pass, all rows, those that cannot be used, and of each column the values that are none of its type."""
    unread = [
        F.count(F.when(_is_unread(column.name) & F.col("reason").isNull(), True)).alias(column.name)
        for column in columns
    ]
    totals = read.select(
        F.count("*").alias("rows_read"), F.count("reason").alias("rows_left_out"), F.struct(*unread).alias("unread")
    )
    row = totals.collect()[0]
    counted = {"rows_read": row["rows_read"], "rows_left_out": row["rows_left_out"]}
    return counted | {f"unread {name}": number for name, number in row["unread"].asDict().items() if number}


def _is_unread(name: str) -> Column:
    return F.col(name).isNull() & (F.coalesce(F.col(f"`{_WRITTEN}{name}`"), F.lit("")) != "")


def _judge(arguments: JobArguments, uri: str, read: DataFrame, counted: dict[str, int]) -> None:
    if not counted["rows_left_out"]:
        return
    reasons = read.where("reason IS NOT NULL").groupBy("reason")
    found = reasons.agg(F.count("*").alias("rows"), F.min("example").alias("example")).collect()
    left_out = [LeftOut(reason=row["reason"], count=row["rows"], example=row["example"]) for row in found]
    judge_left_out(arguments, uri, read=counted["rows_read"], left_out=left_out)


def _told(counted: dict[str, int], columns: Sequence[TableColumn], uri: str) -> Counters:
    """The counters; a column whose values are in part of another type is warned of."""
    kinds = {column.name: column.kind for column in columns}
    unread = {name: number for name in kinds if (number := counted.get(f"unread {name}", 0))}
    for name, number in unread.items():
        words = "value is" if number == 1 else "values are"
        _log.warning("%s: %s %s no %s and left empty (%s)", name, f"{number:,}", words, kinds[name], uri)
    totals: dict[str, object] = {"rows_read": counted["rows_read"], "rows_left_out": counted["rows_left_out"]}
    return totals | {"unread_values": sum(unread.values())} | ({} if counted["rows_read"] else {EMPTY: True})

"""Columns of files by name and type: texts, numbers as people write them, years and days. Spark SQL expressions: no I/O."""

from dataclasses import dataclass
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, BooleanType, DateType, NumericType, TimestampNTZType, TimestampType

from batch_job.dates import DateFormats, day_of, text_of_date, year_of

Kind = Literal["text", "number", "year", "day"]
# What people put around a number: currencies, a percent sign, spaces of every width, apostrophes between thousands.
_AROUND = r"[\s\u00a0\u202f'\u2019%$€£¥₹]|(?i:eur|usd|gbp|chf)"
_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_NANOSECONDS_A_SECOND = 1_000_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class TableColumn:
    """A column of a job's table: its name there, where a file has it, and its type. Several parts of a path lead into nested objects.

    ``decimal`` is the sign before a number's fraction. ``nanoseconds`` says that a Parquet file has moments as numbers, which Spark has no type for.
    """

    name: str
    path: tuple[str, ...]
    kind: Kind
    decimal: str = "."
    nanoseconds: bool = False


def text(name: str, *path: str) -> TableColumn:
    """A column of texts."""
    return TableColumn(name=name, path=path, kind="text")


def number(name: str, *path: str, decimal: str = ".") -> TableColumn:
    """A column of numbers."""
    return TableColumn(name=name, path=path, kind="number", decimal=decimal)


def year(name: str, *path: str, nanoseconds: bool = False) -> TableColumn:
    """The years of a column of dates or years."""
    return TableColumn(name=name, path=path, kind="year", nanoseconds=nanoseconds)


def day(name: str, *path: str, nanoseconds: bool = False) -> TableColumn:
    """The days of a column of dates; one that may be two days, as 05/01/2012, is null without a ``--date-format``."""
    return TableColumn(name=name, path=path, kind="day", nanoseconds=nanoseconds)


def typed_value(frame: DataFrame, column: TableColumn, formats: DateFormats) -> Column:
    """The value by its type, or null where what is written is none of it."""
    if column.kind == "number":
        return _number(written_value(frame, column), column.decimal)
    if column.kind == "text":
        written = written_value(frame, column)
        return F.when(written != "", written)
    dated = written_value(frame, column)
    return year_of(dated, formats, is_date=True) if column.kind == "year" else day_of(dated, formats)


def written_value(frame: DataFrame, column: TableColumn) -> Column:
    """What a file has there, as text without spaces around it."""
    value = _at(column.path)
    if column.nanoseconds:
        # A long that Spark took nanoseconds for; date and time in the session's zone.
        return F.date_format((value / _NANOSECONDS_A_SECOND).cast("timestamp"), "yyyy-MM-dd")
    kind = frame.select(value.alias("only")).schema["only"].dataType
    if column.kind in ("year", "day") and isinstance(kind, NumericType | DateType | TimestampType | TimestampNTZType):
        return F.trim(text_of_date(value, kind))
    if isinstance(kind, BooleanType):
        return F.when(value, "true").when(~value, "false")
    if isinstance(kind, BinaryType):
        return F.trim(F.decode(value, "UTF-8"))
    return F.trim(value.cast("string"))


def _number(written: Column, decimal: str) -> Column:
    thousands = "." if decimal == "," else ","
    # (1,200) is how accountants write -1,200.
    negative = F.regexp_replace(written, r"^\((.*)\)$", r"-$1")
    bare = F.regexp_replace(F.regexp_replace(negative, _AROUND, ""), f"[{thousands}]", "")
    plain = F.regexp_replace(bare, "[,]", ".") if decimal == "," else bare
    return F.when(plain.rlike(_NUMBER), plain).cast("double")


def _at(path: tuple[str, ...]) -> Column:
    return F.col(".".join("`" + part.replace("`", "``") + "`" for part in path))

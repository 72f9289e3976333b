"""Tells of each column's values what they are: numbers, years, dates, texts. Dates are judged by the expressions that jobs read them with."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from batch_job.dates import DateFormats, check_formats, day_of, is_unsure_day, year_of
from file_description.column_values import ColumnValues, Path

_SURE = 0.9
_VALUES_COMPARED = 500
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_AROUND = re.compile(r"[\s\u00a0\u202f'\u2019%$€£¥₹]|eur|usd|gbp|chf", re.IGNORECASE)
_POINT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?")
_UNSURE_NUMBER = re.compile(r"[+-]?\d{1,3}[.,]\d{3}")
_IS_DATE = re.compile(
    r"(?i)(^|[^a-z])(date|time|timestamp|ts|day|datum|created|updated|year|jahr|fecha)([^a-z]|$)|(_at|date|time|zeit)$"
)
_IS_KEY = re.compile(
    r"(?i)(^|[^a-z])(id|key|code|zip|postcode|plz|phone|isbn|no|nr|number|lat|lon|latitude|longitude)$|[a-z]I[dD]$"
)
_SHORT = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)(.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribedColumn:
    """A column and what its values are.

    ``kind``: number, year, date or text. ``decimal`` is the sign before a number's fraction; ``is_key`` says that to sum the numbers makes
    no sense; ``distinct`` counts the different values; ``unsure`` says what nobody can tell by the values alone.
    """

    path: Path
    kind: str
    filled: int
    distinct: int
    decimal: str = "."
    is_key: bool = False
    has_days: bool = False
    nanoseconds: bool = False
    unsure: str = ""


def describe_columns(spark: SparkSession, columns: Sequence[ColumnValues]) -> tuple[list[DescribedColumn], list[str]]:
    """Describe the columns, and the patterns of dates that a job needs to read their days."""
    counted = _count_dates(spark, columns, DateFormats())
    patterns = sorted({pattern for column in columns if (pattern := _pattern_of(column))})
    if patterns:
        by_pattern = _count_dates(spark, columns, check_formats(spark, patterns))
        counted = {path: _Dates(*map(max, zip(counted[path], by_pattern[path], strict=True))) for path in counted}
    return [_describe(column, counted[column.path]) for column in columns], patterns


class _Dates(tuple[int, int, int, int]):
    """Of the values that were compared: how many, years, days, and dates whose day is unsure."""

    def __new__(cls, compared: int, years: int, days: int, unsure: int) -> "_Dates":
        return super().__new__(cls, (compared, years, days, unsure))


def _count_dates(spark: SparkSession, columns: Sequence[ColumnValues], formats: DateFormats) -> dict[Path, _Dates]:
    """Ask the jobs' own expressions, of all columns at once."""
    numbered = dict(enumerate(columns))
    texts = [
        (place, value, bool(_IS_DATE.search(column.path[-1])))
        for place, column in numbered.items()
        for value in column.values[:_VALUES_COMPARED]
    ]
    found = {column.path: _Dates(0, 0, 0, 0) for column in columns}
    if not texts:
        return found
    frame = spark.createDataFrame(texts, "place int, value string, is_date boolean")
    value = F.col("value")
    # A number since 1970 is a date only where a name says so.
    years = F.when(F.col("is_date"), year_of(value, formats, is_date=True)).otherwise(year_of(value, formats))
    counts = frame.groupBy("place").agg(
        F.count("*").alias("compared"),
        F.count(years).alias("years"),
        F.count(day_of(value, formats)).alias("days"),
        F.count(F.when(is_unsure_day(value), True)).alias("unsure"),
    )
    for row in counts.collect():
        found[numbered[row["place"]].path] = _Dates(row["compared"], row["years"], row["days"], row["unsure"])
    return found


def _describe(column: ColumnValues, dates: _Dates) -> DescribedColumn:
    compared, years, days, unsure_days = dates
    plain = DescribedColumn(
        path=column.path,
        kind="text",
        filled=len(column.values),
        distinct=len(set(column.values)),
        is_key=bool(_IS_KEY.search(column.path[-1])) or any(re.match(r"0\d", value) for value in column.values),
        nanoseconds=column.nanoseconds,
    )
    if column.known_kind == "date":
        return replace(plain, kind="date", has_days=True)
    decimal, unsure_number = _decimal_of(column.values)
    is_number = column.known_kind == "number" or bool(decimal)
    if compared and years >= compared * _SURE and (not is_number or _are_years(column)):
        has_days = days >= compared * _SURE
        unsure = f"{column.values[0]!r} may be two days" if unsure_days and not has_days else ""
        is_year = is_number and not has_days
        return replace(plain, kind="year" if is_year else "date", has_days=has_days, unsure=unsure)
    if is_number:
        return replace(plain, kind="number", decimal=decimal or ".", unsure=unsure_number)
    return plain


def _are_years(column: ColumnValues) -> bool:
    """Whether numbers are years or dates: by the column's name, or because all of them lie in our time."""
    if _IS_DATE.search(column.path[-1]):
        return True
    plain = [value.removesuffix(".0") for value in column.values]
    return len(plain) > 2 and all(re.fullmatch(r"(19|20)\d\d", value) for value in plain)


def _decimal_of(values: Sequence[str]) -> tuple[str, str]:
    """The sign before the fraction, empty where the values are no numbers; and what nobody can tell."""
    bare = [_AROUND.sub("", re.sub(r"^\((.*)\)$", r"-\1", value)) for value in values]
    needed = len(bare) * _SURE
    if not bare or not any(re.search(r"\d", value) for value in bare):
        return "", ""
    plain, point, comma = (sum(bool(form.fullmatch(value)) for value in bare) for form in (_PLAIN, _POINT, _COMMA))
    if plain >= needed and plain >= comma:
        return ".", ""
    with_comma = [value for value in bare if "," in value]
    if max(point, comma) < needed:
        return "", ""
    if with_comma and all(_UNSURE_NUMBER.fullmatch(value) for value in with_comma) and point >= needed:
        return ".", f"{values[bare.index(with_comma[0])]!r} is read as a number of thousands"
    return ("," if comma > point else "."), ""


def _pattern_of(column: ColumnValues) -> str:
    """The pattern of dates such as 25/12/2012, if one of the values tells which number is the day."""
    parts = [found for value in column.values if (found := _SHORT.fullmatch(value))]
    if not parts or len(parts) < len(column.values) * _SURE:
        return ""
    day_first, month_first = any(int(one[1]) > 12 for one in parts), any(int(one[3]) > 12 for one in parts)
    if day_first == month_first:
        return ""
    sign, years = parts[0][2], "yyyy" if len(parts[0][4]) == 4 else "yy"
    order = ("d", "M") if day_first else ("M", "d")
    return f"{order[0]}{sign}{order[1]}{sign}{years}[ H:mm[:ss]]"

"""Years and days out of what people write for them. Reads what can mean one thing only; the rest needs a pattern. Spark SQL expressions: no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, DecimalType, DoubleType, FloatType, TimestampNTZType, TimestampType

from batch_job.run import JobError

_YEAR = r"([1-9]\d{3})"
_MONTH_NUMBER, _DAY_NUMBER = r"(0?[1-9]|1[0-2])", r"(0?[1-9]|[12]\d|3[01])"
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_MONTH_NAME = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_ORDINAL_DAY = rf"{_DAY_NUMBER}(?:st|nd|rd|th)?"
_CLOCK = r"(?:\d{1,2}:\d{2}(?::\d{2})?\s+(?:[a-z]{3,4}\s+)?)?"
# What may follow a date: nothing, a fraction that pandas adds, or a time of day.
_END = r"(?:\.0*|[T ,].*)?"

# Each pattern, and which of its groups are year, month and day; 0 where it has none.
_YEAR_ALONE = rf"{_YEAR}(?:[.,]0*)?"
_DATES = (
    (rf"{_YEAR}[-/.]{_MONTH_NUMBER}[-/.]{_DAY_NUMBER}(?:[T ].*)?", (1, 2, 3)),
    (rf"{_YEAR}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:\d{{4}}|\d{{6}})?{_END}", (1, 2, 3)),
    (rf"{_WEEKDAY}{_ORDINAL_DAY}[-\s]+{_MONTH_NAME}[-,\s]+{_YEAR}{_END}", (3, 2, 1)),
    (rf"{_WEEKDAY}{_MONTH_NAME}[-\s]+{_ORDINAL_DAY}[-,\s]+{_CLOCK}{_YEAR}{_END}", (3, 1, 2)),
)
# Which number is the day and which the month does not matter to the year.
_DATES_OF_SURE_YEAR = (
    rf"{_YEAR}[-/.](?:0?[1-9]|1[0-2])",
    rf"(?:{_MONTH_NUMBER}[-/. ]{_DAY_NUMBER}|{_DAY_NUMBER}[-/. ]{_MONTH_NUMBER})(?:[-/.]|,? ){_YEAR}{_END}",
    rf"{_MONTH_NAME}[-,\s]+{_YEAR}",
)
# Moments since 1970 by their number of digits: seconds, and thousandths, millionths and billionths of one.
_MOMENTS = {r"\d{9,10}": 1, r"\d{12,13}": 1000, r"\d{15,16}": 1_000_000, r"\d{18,19}": 1_000_000_000}
_DAY_SECONDS = 86_400
_WITH_FRACTION = (FloatType, DoubleType, DecimalType)


@dataclass(frozen=True, kw_only=True, slots=True)
class DateFormats:
    """The patterns that a person has given for what can mean several things, such as ``dd/MM/yyyy``; Spark's own letters."""

    patterns: Sequence[str] = ()


PLAIN_DATES = DateFormats()


def check_formats(spark: SparkSession, patterns: Sequence[str]) -> DateFormats:
    """Take the values of ``--date-format``. Raises JobError for one that Spark cannot read by."""
    if patterns:
        # By default Spark ends the whole job at a text that its parser of before 3.0 would have read otherwise.
        spark.conf.set("spark.sql.legacy.timeParserPolicy", "CORRECTED")
    for pattern in patterns:
        try:
            spark.range(1).select(_by_pattern(F.lit("2012-05-01"), pattern)).collect()
        except Exception as error:
            advice = "Write it with Spark's letters y, M, d, H, m and s, such as dd/MM/yyyy"
            raise JobError(f"--date-format {pattern!r} is no pattern for dates. {advice}") from error
    return DateFormats(patterns=tuple(patterns))


def as_text(frame: DataFrame, column: str) -> Column:
    """A column as the text that dates are read from; a number with a fraction is not written with an exponent."""
    quoted = F.col("`" + column.replace("`", "``") + "`")
    kind = frame.select(quoted.alias("only")).schema["only"].dataType
    return F.trim(text_of_date(quoted, kind))


def text_of_date(column: Column, kind: DataType) -> Column:
    """A value of this type as the text that dates are read from."""
    if isinstance(kind, _WITH_FRACTION):
        return F.when(column.isNotNull(), F.format_string("%.1f", column.cast("double")))
    if isinstance(kind, DateType | TimestampType | TimestampNTZType):
        return F.date_format(column, "yyyy-MM-dd")
    return column.cast("string")


def year_of(text: Column, formats: DateFormats, *, is_date: bool = False) -> Column:
    """The year, of four digits, that a text names, or null; numbers since 1970 are read where ``is_date`` says that dates are expected."""
    found = [F.year(_by_pattern(text, pattern)) for pattern in formats.patterns]
    found.append(_group(text, _YEAR_ALONE, 1))
    found += [_group(text, pattern, year) for pattern, (year, _, _) in _DATES]
    found += [_last_group(text, pattern) for pattern in _DATES_OF_SURE_YEAR]
    if is_date:
        found.append(F.year(_day_of_moment(text)))
    year = F.coalesce(*found)
    return F.when(year.between(1000, 9999), year)


def day_of(text: Column, formats: DateFormats) -> Column:
    """The day that a text names, or null: also where it may be one of two, as in 05/01/2012."""
    found = [_by_pattern(text, pattern) for pattern in formats.patterns]
    for pattern, (year, month, day) in _DATES:
        parts = [_part(text, pattern, year), _month_number(_part(text, pattern, month)), _part(text, pattern, day)]
        found.append(F.when(_matches(text, pattern), F.try_to_timestamp(F.concat_ws("-", *parts)).cast("date")))
    return F.coalesce(*found)


def is_unsure_day(text: Column) -> Column:
    """Tell whether a text is a date whose day and month only a pattern can tell apart."""
    return _matches(text, _DATES_OF_SURE_YEAR[1]) | text.rlike(r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{2}$")


def _by_pattern(text: Column, pattern: str) -> Column:
    return F.try_to_timestamp(text, F.lit(pattern)).cast("date")


def _matches(text: Column, pattern: str) -> Column:
    return text.rlike(rf"(?i)^(?:{pattern})$")


def _part(text: Column, pattern: str, group: int) -> Column:
    return F.regexp_extract(text, rf"(?i)^(?:{pattern})$", group)


def _group(text: Column, pattern: str, group: int) -> Column:
    return F.when(_matches(text, pattern), _part(text, pattern, group).cast("int"))


def _last_group(text: Column, pattern: str) -> Column:
    return _group(text, pattern, pattern.count("(") - pattern.count("(?"))


def _month_number(part: Column) -> Column:
    by_name = F.position(F.substring(F.lower(part), 1, 3), F.lit(_MONTHS))
    return F.when(part.rlike(r"^\d+$"), part).otherwise((((by_name - 1) / 3).cast("int") + 1).cast("string"))


def _day_of_moment(text: Column) -> Column:
    whole = F.regexp_replace(text, r"\.0*$", "")
    days = [
        F.when(
            whole.rlike(f"^{digits}$"), F.floor(whole.cast("decimal(20,0)") / (per_second * _DAY_SECONDS)).cast("int")
        )
        for digits, per_second in _MOMENTS.items()
    ]
    return F.date_from_unix_date(F.coalesce(*days))

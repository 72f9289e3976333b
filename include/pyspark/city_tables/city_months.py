"""Turns the text columns of cities, countries and measurements into one row per city and month. No input or output."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from batch_job.dates import DateFormats, day_of, is_unsure_day
from batch_job.delimited_tables import LONGER_ROWS, MORE_FIELDS
from batch_job.left_out import LeftOut
from batch_job.run import JobError

CITY_COLUMNS = ("city_id", "city", "country_code", "population", "latitude")
COUNTRY_COLUMNS = ("country_code", "country", "continent")
MEASUREMENT_COLUMNS = ("city_id", "date", "temperature_c", "rain_mm")

_MOST_VALUES_NAMED = 5


def join_places(cities: DataFrame, countries: DataFrame) -> DataFrame:
    """Give each city its country and continent; where a country is not listed, its code stands for its name."""
    _require_unique(cities, "city_id", "cities")
    _require_unique(countries, "country_code", "countries")
    typed = cities.select(
        _text("city_id"), _text("city"), _text("country_code"), _number("population", "bigint"), _finite("latitude")
    )
    named = countries.select(*(_text(name) for name in COUNTRY_COLUMNS))
    return typed.join(named, "country_code", "left").withColumn("country", F.coalesce("country", "country_code"))


def summarise_months(measurements: DataFrame, formats: DateFormats) -> DataFrame:
    """Summarise one row per city, year and month. All incomplete rows are counted in one row without a city."""
    day = day_of(F.trim("date"), formats).alias("date")
    numbers = (_finite("temperature_c"), _finite("rain_mm"))
    typed = measurements.select(_text("city_id"), day, *numbers, MORE_FIELDS)
    complete = F.col(MORE_FIELDS).isNull()
    for column in typed.columns[:-1]:
        complete = complete & F.col(column).isNotNull()
    keys = {"city_id": F.col("city_id"), "year": F.year("date"), "month": F.month("date")}
    return typed.groupBy(*(F.when(complete, key).alias(name) for name, key in keys.items())).agg(
        F.count("*").alias("days"),
        F.avg("temperature_c").alias("mean_temperature_c"),
        F.min("temperature_c").alias("min_temperature_c"),
        F.max("temperature_c").alias("max_temperature_c"),
        F.sum("rain_mm").alias("rain_mm"),
    )


def count_rows(months: DataFrame) -> dict[str, int]:
    """Count, over the summarised months with their places, the rows read and those left out."""
    return (
        months.select(
            _sum_days(F.lit(True)).alias("rows_read"),
            _sum_days(F.col("city_id").isNull()).alias("rows_incomplete"),
            _sum_days(F.col("city_id").isNotNull() & F.col("city").isNull()).alias("rows_of_unknown_cities"),
        )
        .collect()[0]
        .asDict()
    )


def list_left_out(measurements: DataFrame, months: DataFrame, formats: DateFormats) -> list[LeftOut]:
    """Say why rows are not in the table, with one of each kind. Reads the measurements once more."""
    text, numbers = F.trim("date"), ("temperature_c", "rain_mm")
    unsure = is_unsure_day(text)
    reasons = [
        (F.col(MORE_FIELDS).isNotNull(), F.col(MORE_FIELDS), LONGER_ROWS),
        (F.coalesce(F.trim("city_id"), F.lit("")) == "", F.col("date"), "without a city_id"),
        (F.coalesce(text, F.lit("")) == "", F.col("city_id"), "without a date"),
        (
            day_of(text, formats).isNull() & unsure,
            text,
            "with a date that can be one of several days (pass --date-format)",
        ),
        (day_of(text, formats).isNull(), text, "with a date that cannot be read (pass --date-format)"),
        *((_finite(name).isNull(), F.col(name), f"with a {name} that is no number") for name in numbers),
    ]
    reason = example = F.lit(None).cast("string")
    for condition, found, words in reversed(reasons):
        reason, example = F.when(condition, words).otherwise(reason), F.when(condition, found).otherwise(example)
    kinds = measurements.select(reason.alias("reason"), example.alias("example")).where("reason IS NOT NULL")
    rows = kinds.groupBy("reason").agg(F.count("*").alias("rows"), F.min("example").alias("example")).collect()
    unknown = months.where("city_id IS NOT NULL AND city IS NULL").agg(F.sum("days"), F.min("city_id")).collect()[0]
    return [
        *(LeftOut(reason=row["reason"], count=row["rows"], example=row["example"]) for row in rows),
        LeftOut(reason="of cities that are not listed", count=unknown[0] or 0, example=unknown[1]),
    ]


def _require_unique(frame: DataFrame, column: str, name: str) -> None:
    repeated = frame.groupBy(F.trim(column).alias("value")).count().where("count > 1 AND value IS NOT NULL")
    values = [row["value"] for row in repeated.orderBy("value").take(_MOST_VALUES_NAMED)]
    if values:
        raise JobError(
            f"input {name!r} has several rows with the same {column}, such as {', '.join(values)}. Measurements would count twice: keep one row each"
        )


def _text(name: str) -> Column:
    return F.trim(name).alias(name)


def _finite(name: str) -> Column:
    # Spark reads the text NaN as a number, and one of those makes a whole mean NaN.
    number = _number(name, "double")
    return F.when(F.abs(number) < float("inf"), number).alias(name)


def _number(name: str, kind: str) -> Column:
    # A plain cast of a bad value is null in one release of Spark and an error in the next.
    return F.expr(f"try_cast(trim(`{name}`) AS {kind})").alias(name)


def _sum_days(condition: Column) -> Column:
    return F.coalesce(F.sum(F.when(condition, F.col("days"))), F.lit(0))

"""Years and days out of what people write: what can mean one thing only is read, the rest needs a pattern."""

import datetime

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from batch_job.dates import PLAIN_DATES, as_text, check_formats, day_of, is_unsure_day, year_of
from batch_job.run import JobError

pytestmark = pytest.mark.xdist_group("spark")

MAY = datetime.date(2012, 5, 1)
# What is written, its year, its day.
PLAIN = [
    ("2012", 2012, None),
    (" 2012.00 ", 2012, None),
    ("2012-05", 2012, None),
    ("May 2012", 2012, None),
    *(
        (text, 2012, MAY)
        for text in (
            "20120501",
            "20120501.0",
            "201205011030",
            "20120501103000",
            "2012-05-01",
            "2012/5/1",
            "2012.05.01",
            "2012-05-01T10:00:00Z",
            "2012-05-01 10:00:00.5",
            "May 1, 2012",
            "may 1st 2012",
            "1 May 2012",
            "01-MAY-2012",
            "Tue, 01 May 2012 10:00:00 GMT",
            "Tue May  1 10:00:00 2012",
        )
    ),
    ("Jun 12 1998", 1998, datetime.date(1998, 6, 12)),
    ("Sept. 3, 1999", 1999, datetime.date(1999, 9, 3)),
]
# One year, but one of two days.
UNSURE_DAYS = ["05/01/2012", "01.05.2012", "13/01/2012 18:30", "09 13, 2012"]
UNCLEAR = [
    "",
    "soon",
    "12",
    "0012",
    "999",
    "20121",
    "120501",
    "99999999",
    "12101920",
    "2012-13-01",
    "32/13/2012",
    "x 2012",
    "05/01/12",
    "961718400",
]


def years(spark: SparkSession, texts: list[str], *, is_date: bool = False) -> list[int | None]:
    frame = spark.createDataFrame([(text,) for text in texts], "text string").coalesce(1)
    found = frame.select(year_of(as_text(frame, "text"), PLAIN_DATES, is_date=is_date).alias("year")).collect()
    return [row["year"] for row in found]


def test_what_is_plain_is_read(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(text,) for text, *_ in PLAIN], "text string").coalesce(1)
    text = as_text(frame, "text")
    rows = frame.select("text", year_of(text, PLAIN_DATES), day_of(text, PLAIN_DATES)).collect()
    assert [tuple(row) for row in rows] == PLAIN


def test_a_day_is_never_guessed_but_its_year_may_be_plain(spark: SparkSession) -> None:
    assert years(spark, UNSURE_DAYS) == [2012] * len(UNSURE_DAYS)
    frame = spark.createDataFrame([(text,) for text in [*UNSURE_DAYS, "05/01/12"]], "text string")
    days = frame.select(day_of(F.col("text"), PLAIN_DATES).alias("day"), is_unsure_day(F.col("text")).alias("unsure"))
    assert {(row["day"], row["unsure"]) for row in days.collect()} == {(None, True)}


def test_a_year_has_four_digits(spark: SparkSession) -> None:
    assert years(spark, UNCLEAR) == [None] * len(UNCLEAR)


def test_moments_since_1970_are_read_where_dates_are_expected(spark: SparkSession) -> None:
    moments = ["961718400", "1541113200", "1541113200000", "1541016707796.0", "1541113200000000", "1541113200000000000"]
    assert years(spark, moments) == [None] * 6
    assert years(spark, moments, is_date=True) == [2000, 2018, 2018, 2018, 2018, 2018]


def test_a_pattern_decides_what_can_mean_several_things(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("05/01/12",), ("05.01.2012",), ("2012-05-01",), ("soon",)], "text string").coalesce(
        1
    )
    formats = check_formats(spark, ["MM/dd/yy", "dd.MM.yyyy"])
    days = [row[0] for row in frame.select(day_of(F.col("text"), formats)).collect()]
    assert days == [MAY, datetime.date(2012, 1, 5), MAY, None]


@pytest.mark.parametrize("pattern", ["DD/MM/YYYY", "foo", "dd.MM.yyyy'"])
def test_a_pattern_that_is_none_is_refused(spark: SparkSession, pattern: str) -> None:
    with pytest.raises(JobError, match=r"is no pattern for dates\. Write it with Spark's letters"):
        check_formats(spark, [pattern])


def test_numbers_and_times_of_a_table_are_read_as_text_is(spark: SparkSession) -> None:
    frame = spark.sql(
        "SELECT 20120501D AS double, float(2012) AS float, decimal(2012.00) AS decimal, 2012L AS long, DATE'2012-05-01' AS date,"
        " TIMESTAMP'2012-05-01 10:00:00' AS timestamp, TIMESTAMP_NTZ'2012-05-01 10:00:00' AS local, 2012S AS `a ``b`"
    )
    row = frame.select(*(year_of(as_text(frame, name), PLAIN_DATES) for name in frame.columns)).collect()[0]
    assert tuple(row) == (2012,) * 8
    missing = spark.sql("SELECT CAST(NULL AS DOUBLE) AS nothing, double('nan') AS nan")
    assert tuple(
        missing.select(*(year_of(as_text(missing, name), PLAIN_DATES) for name in missing.columns)).first()
    ) == (None, None)

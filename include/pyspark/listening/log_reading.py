"""Parses lines of music logs with a schema that is given, in batches and in streams alike. Keeps every line that it cannot read."""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

LINE = "line"
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_BROKEN = "_broken"
_SCHEMA = (
    "artist string, auth string, firstName string, gender string, itemInSession bigint, lastName string, length double, "
    "level string, location string, method string, page string, registration bigint, sessionId bigint, song string, "
    f"status bigint, ts bigint, userAgent string, userId string, {_BROKEN} string"
)
_REQUIRED = ("ts", "page", "sessionId", "userId")


def read_lines(spark: SparkSession, uri: str) -> DataFrame:
    """Read the text of all files in or below ``uri``, which may be a glob pattern."""
    return _named(spark.read.option("recursiveFileLookup", "true").text(uri))


def stream_lines(spark: SparkSession, uri: str, files_per_batch: int | None) -> DataFrame:
    """Stream the text of all files that are or will be in or below ``uri``, at most ``files_per_batch`` at once."""
    reader = spark.readStream.option("recursiveFileLookup", "true")
    if files_per_batch is not None:
        reader = reader.option("maxFilesPerTrigger", str(files_per_batch))
    return _named(reader.text(uri))


def parse_lines(lines: DataFrame) -> DataFrame:
    """Parse each line into columns; ``line`` is null where that went well and else holds what was found."""
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _BROKEN}
    event = lines.where(F.trim(LINE) != "").select(LINE, F.from_json(LINE, _SCHEMA, options).alias("event"))
    return event.select(
        F.when(_is_broken(F.col("event")), F.col(LINE)).alias(LINE),
        F.col("event.userId").alias("user_id"),
        F.col("event.sessionId").alias("session_id"),
        F.col("event.ts").alias("ts"),
        F.timestamp_millis("event.ts").alias("at"),
        F.col("event.page").alias("page"),
        F.col("event.level").alias("level"),
        F.col("event.registration").alias("registration"),
        F.col("event.artist").alias("artist"),
        F.col("event.song").alias("song"),
        F.col("event.length").alias("length"),
    )


def is_play() -> Column:
    """Tell whether an event is a song that was played."""
    return (F.col("page") == "NextSong") & F.col("artist").isNotNull()


def utc_day(milliseconds: Column) -> Column:
    """Return the day of a moment, whatever the session's time zone."""
    return F.date_from_unix_date(F.floor(milliseconds / _DAY_MS).cast("int"))


def utc_hour() -> Column:
    """Return the event's hour of the day, whatever the session's time zone."""
    return (F.floor(F.col("ts") / _HOUR_MS) % 24).cast("int")


def _named(lines: DataFrame) -> DataFrame:
    return lines.select(F.col("value").alias(LINE))


def _is_broken(event: Column) -> Column:
    broken = event.isNull() | event[_BROKEN].isNotNull()
    for name in _REQUIRED:
        broken = broken | event[name].isNull()
    return broken

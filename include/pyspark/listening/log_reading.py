"""Parses lines of music logs with a schema that is given, in batches and in streams alike. Keeps every line that it cannot read."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.input_files import read_text_lines
from batch_job.left_out import LeftOut

LINE = "line"
REASON = "reason"
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_BROKEN = "_broken"
# Only what the jobs use, and all of it as text: what a service writes as a number, another one, or pandas, writes as text or with a fraction.
_FIELDS = ("artist", "length", "level", "page", "registration", "sessionId", "song", "ts", "userId")
_SCHEMA = ", ".join(f"{name} string" for name in (*_FIELDS, _BROKEN))
# One object a line is one thing, an array with an object a line another one; both are read.
_ARRAY_SIGNS = r"^\[(?=\s*\{)|(?<=\})\s*\]$"
_WHOLE_ARRAY = r"^\[\s*\{.*\}\s*\]$"


def read_lines(spark: SparkSession, uri: str) -> DataFrame:
    """Read the text of all files in or below ``uri``, which may be a glob pattern."""
    return _named(read_text_lines(spark.read, uri))


def stream_lines(spark: SparkSession, uri: str, files_per_batch: int | None = None) -> DataFrame:
    """Stream the text of all files that are or will be in or below ``uri``, at most ``files_per_batch`` at once."""
    reader = spark.readStream
    if files_per_batch is not None:
        reader = reader.option("maxFilesPerTrigger", str(files_per_batch))
    return _named(read_text_lines(reader, uri))


def parse_lines(lines: DataFrame, required: Sequence[str]) -> DataFrame:
    """Parse each line into columns; ``line`` is null where that went well, else it holds what was found and ``reason`` says what is wrong.

    ``required`` are the columns besides ``ts`` and ``page`` that no event may lack; the others are null where they cannot be used.
    """
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _BROKEN}
    event = _objects(lines).select(LINE, F.from_json(LINE, _SCHEMA, options).alias("event"))
    parsed = event.select(
        LINE,
        (F.col("event").isNull() | F.col(f"event.{_BROKEN}").isNotNull()).alias("is_broken"),
        _identity("event.userId").alias("user_id"),
        _identity("event.sessionId").alias("session_id"),
        _number("event.ts", "bigint").alias("ts"),
        F.col("event.page").alias("page"),
        F.col("event.level").alias("level"),
        _number("event.registration", "bigint").alias("registration"),
        F.col("event.artist").alias("artist"),
        F.col("event.song").alias("song"),
        _number("event.length", "double").alias("length"),
    ).withColumn("at", F.timestamp_millis("ts"))
    reason = _reason(("ts", "page", *required))
    return parsed.withColumn(REASON, reason).withColumn(LINE, F.when(reason.isNotNull(), F.col(LINE))).drop("is_broken")


def list_left_out(malformed: DataFrame) -> list[LeftOut]:
    """Say of lines with a ``reason`` how many there are of each, and show one."""
    kinds = malformed.groupBy(REASON).agg(F.count("*").alias("lines"), F.min(LINE).alias("example")).collect()
    return [LeftOut(reason=row[REASON], count=row["lines"], example=row["example"]) for row in kinds]


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


def _objects(lines: DataFrame) -> DataFrame:
    """The objects that the lines hold: of an array its elements, without its signs and commas."""
    text = F.trim(F.regexp_replace(LINE, "^\ufeff|,?\\s*$", ""))
    is_array = text.rlike(_WHOLE_ARRAY)
    elements = F.when(is_array, F.from_json(text, "array<string>"))
    single = F.array(F.when(is_array, text).otherwise(F.regexp_replace(text, _ARRAY_SIGNS, "")))
    return lines.where(~text.isin("", "[", "]")).select(F.explode(F.coalesce(elements, single)).alias(LINE))


def _reason(required: Sequence[str]) -> Column:
    line = F.col(LINE)
    reason = (
        F.when(line.startswith("PK\x03\x04"), "of a ZIP archive (unpack it)")
        .when(line.contains("\x00"), "that are not UTF-8 but UTF-16, or no text (convert them, as `iconv` does)")
        .when(line.contains("\ufffd") & F.col("is_broken"), "that are no UTF-8 text (archives are to be unpacked)")
        .when(
            F.col("is_broken") & line.rlike(r'^(?:[{}]|\[|\]|"[^"]*"\s*:.*[^}\]]|[}\]]+)$'),
            "that are pieces of JSON (write one object a line, as `jq -c .` does)",
        )
        .when(F.col("is_broken"), "that are no JSON object")
    )
    for name in required:
        reason = reason.when(F.col(name).isNull(), f"without a {name} that can be used")
    return reason


def _identity(name: str) -> Column:
    """A name or number of something as text; pandas writes whole numbers with a fraction."""
    text = F.regexp_replace(name, r"^(\d+)\.0+$", "$1")
    return F.when(~text.rlike(r"^[\[{]"), text)


def _number(name: str, kind: str) -> Column:
    # By way of a decimal: a cast of a text with a fraction or an exponent to a whole number is null.
    return F.expr(f"try_cast(try_cast({name} AS DECIMAL(30, 9)) AS {kind})")

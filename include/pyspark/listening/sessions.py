"""Job: music logs in; sessions, days, plays and features of each user out. Lines that cannot be read are kept apart and counted."""

import logging
import sys
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from batch_job.arguments import JobArguments, create_parser, parse_arguments
from batch_job.hadoop_files import write_bytes
from batch_job.left_out import LeftOut, judge_left_out
from batch_job.run import Counters, JobError, require_path, run_job
from listening.log_reading import LINE, is_play, list_left_out, parse_lines, read_lines, utc_day, utc_hour
from listening.user_features import PAGE_COUNTS, PARTS_OF_DAY, build_features, last_day

JOB = "sessions"
_LEFT = "Cancellation Confirmation"
_log = logging.getLogger(f"batch_job.{JOB}")


def main(argv: Sequence[str]) -> int:
    """Run the job from its command line and return the exit code."""
    return run_job(JOB, parse(argv), write_sessions)


def parse(argv: Sequence[str]) -> JobArguments:
    """Read the job's command line."""
    return parse_arguments(create_parser(JOB, "Reduce logs to sessions and features."), argv, required=["logs"])


def write_sessions(spark: SparkSession, arguments: JobArguments) -> Counters:
    """Write ``sessions``, ``user_days``, ``plays``, ``features`` and ``malformed`` below the output, then ``_SUCCESS``."""
    output = arguments.output.rstrip("/")
    parsed, counters = load_events(spark, arguments)
    _write(parsed.where(F.col(LINE).isNotNull()).select(LINE), f"{output}/malformed", "text")
    known = parsed.where(F.col(LINE).isNull() & (F.col("user_id") != ""))
    day = utc_day(F.col("ts")).alias("day")
    _write(known.where(is_play()).select("user_id", "artist", "song", "at", day), f"{output}/plays")
    _write(build_sessions(known), f"{output}/sessions")
    _write(build_user_days(known), f"{output}/user_days")
    parsed.unpersist()
    days = spark.read.parquet(f"{output}/user_days")
    _write(build_features(days, F.date_add(F.lit(last_day(days)), 1)), f"{output}/features")
    write_bytes(spark, f"{output}/_SUCCESS", b"")
    if counters["malformed_lines"]:
        _log.warning(
            "%s of %s lines are malformed: %s/malformed", counters["malformed_lines"], counters["lines"], output
        )
    return {**counters, "sessions": spark.read.parquet(f"{output}/sessions").count()}


def load_events(spark: SparkSession, arguments: JobArguments) -> tuple[DataFrame, dict[str, int]]:
    """Read the logs once: the parsed lines, cached, and their counts. Raises JobError when too many of them cannot be used."""
    uri = arguments.inputs["logs"]
    require_path(spark, "logs", uri)
    parsed = parse_lines(read_lines(spark, uri), ["user_id", "session_id"]).cache()
    counters = count_lines(parsed)
    if not counters["lines"]:
        raise JobError(f"there is no line in {uri}. Give this job music logs in JSON")
    visitors = LeftOut(reason="of visitors without a user", count=counters["events_without_user"], asked=True)
    malformed = list_left_out(parsed.where(F.col(LINE).isNotNull())) if counters["malformed_lines"] else []
    judge_left_out(arguments, uri, read=counters["lines"], left_out=[*malformed, visitors], noun="lines")
    return parsed, counters


def build_sessions(events: DataFrame) -> DataFrame:
    """Reduce the events of users to one row a session."""
    return events.groupBy("user_id", "session_id").agg(
        F.min("at").alias("started"),
        F.max("at").alias("ended"),
        ((F.max("ts") - F.min("ts")) / 60_000).alias("minutes"),
        F.max_by("level", "ts").alias("level"),
        F.count("*").alias("events"),
        _count(is_play()).alias("plays"),
        *(_count(F.col("page") == page).alias(name) for name, page in PAGE_COUNTS.items()),
    )


def build_user_days(events: DataFrame) -> DataFrame:
    """Count what each user did on each day; ``left`` tells whether that was the user's last."""
    return events.groupBy("user_id", utc_day(F.col("ts")).alias("day")).agg(
        F.count("*").alias("events"),
        F.count_distinct("session_id").alias("sessions"),
        _count(is_play()).alias("plays"),
        F.coalesce(F.sum("length"), F.lit(0.0)).alias("seconds"),
        _count(F.col("level") == "paid").alias("paid_events"),
        *(_count(F.col("page") == page).alias(name) for name, page in PAGE_COUNTS.items()),
        *(
            _count(is_play() & (utc_hour() >= first) & (utc_hour() < end)).alias(part)
            for part, (first, end) in PARTS_OF_DAY.items()
        ),
        utc_day(F.min("registration")).alias("registered"),
        F.max(F.col("page") == _LEFT).alias("left"),
    )


def count_lines(parsed: DataFrame) -> dict[str, int]:
    """Count in one pass what was read and what of it is left out."""
    is_event = F.col(LINE).isNull()
    counts = parsed.select(
        F.count("*").alias("lines"),
        _count(~is_event).alias("malformed_lines"),
        _count(is_event & (F.col("user_id") == "")).alias("events_without_user"),
        _count(is_event & (F.col("user_id") != "")).alias("events_of_users"),
        F.count_distinct(F.when(is_event & (F.col("user_id") != ""), F.col("user_id"))).alias("users"),
    )
    return counts.collect()[0].asDict()


def _count(condition: Column) -> Column:
    return F.count(F.when(condition, True))


def _write(frame: DataFrame, uri: str, source: str = "parquet") -> None:
    frame.write.format(source).save(uri)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
